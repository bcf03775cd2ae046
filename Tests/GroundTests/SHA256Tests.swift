import Testing

@testable import Ground

@Suite("SHA-256")
struct SHA256Tests {
    /// Messages and digests of FIPS 180-2, appendix B, and of no bytes at all.
    @Test(
        "digests as FIPS 180 says",
        arguments: [
            (0, "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            (1, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                1, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
            (1_000_000, "a", "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
        ])
    func publishedDigests(_ count: Int, _ text: String, _ digest: String) {
        let bytes = Array(repeatElement(Array(text.utf8), count: count).joined())
        let hash = SHA256.hash(bytes)
        #expect(hash.count == SHA256.byteCount)
        #expect(hash.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined() == digest)
    }
}
