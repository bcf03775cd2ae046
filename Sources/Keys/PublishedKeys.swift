package import ZMQ

extension CurvePublicKey {
    /// Whether everybody has the secret of the key: it is in the manual of libzmq, from where it is copied.
    package var isPublished: Bool { Self.published.contains(text) }

    private static let published: Set<String> = [
        "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID", "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7",
        // Their secret keys, taken for public ones.
        "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs", "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6",
    ]

    /// What is said of such a key.
    package static let publishedReason =
        "is a key of libzmq's manual, whose secret everybody knows: make one with keygen or join"
}
