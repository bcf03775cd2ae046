import COneDNN

/// A set of instructions that many processors have: those that compute with it give the same bits.
public enum PortableBits: String, Sendable, Hashable, CaseIterable {
    /// Of processors since 2013.
    case avx2
    /// Of processors since 2007.
    case sse41
}

/// Why a process does not compute with the instructions it was asked to.
public enum ProcessorError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The processor has fewer, or less was asked for before.
    case lacks(PortableBits, has: String)
    /// Something was computed before.
    case tooLate(PortableBits)

    /// One sentence.
    public var description: String {
        switch self {
        case .lacks(let bits, let has):
            "the instructions \(bits.rawValue) cannot be had here: there is \(has)"
        case .tooLate(let bits):
            "the instructions \(bits.rawValue) were asked for after something was computed"
        }
    }
}

/// What matrix products are computed with: by it, bits differ between machines.
///
/// oneDNN uses the best instructions it finds, and each set adds in another order. All else is compiled once for every
/// processor of an architecture.
public enum Processor {
    /// Such as `avx2, oneDNN 2.6.3`.
    public static var summary: String {
        guard let version = unsafe dnnl_version() else { return instructions }
        return
            unsafe "\(instructions), oneDNN \(version.pointee.major).\(version.pointee.minor).\(version.pointee.patch)"
    }

    /// The instructions in use, such as `avx2`.
    static var instructions: String {
        let found = dnnl_get_effective_cpu_isa()
        return names.first { $0.code == found }?.name ?? "instruction set \(found.rawValue)"
    }

    /// Computes with no more than some instructions from now on, so that machines that have more agree.
    ///
    /// - Throws: `ProcessorError`; it must be asked for before anything is computed.
    public static func pin(to bits: PortableBits) throws(ProcessorError) {
        let code = bits == .avx2 ? dnnl_cpu_isa_avx2 : dnnl_cpu_isa_sse41
        guard dnnl_set_max_cpu_isa(code) == dnnl_success else { throw .tooLate(bits) }
        guard dnnl_get_effective_cpu_isa() == code else { throw .lacks(bits, has: instructions) }
    }

    private static let names: [(code: dnnl_cpu_isa_t, name: String)] = [
        (dnnl_cpu_isa_all, "no known instruction set"), (dnnl_cpu_isa_sse41, "sse41"),
        (dnnl_cpu_isa_avx, "avx"),
        (dnnl_cpu_isa_avx2, "avx2"), (dnnl_cpu_isa_avx2_vnni, "avx2_vnni"),
        (dnnl_cpu_isa_avx512_mic, "avx512_mic"),
        (dnnl_cpu_isa_avx512_core, "avx512_core"), (dnnl_cpu_isa_avx512_core_vnni, "avx512_core_vnni"),
        (dnnl_cpu_isa_avx512_core_bf16, "avx512_core_bf16"),
        (dnnl_cpu_isa_avx512_core_amx, "avx512_core_amx"),
    ]
}
