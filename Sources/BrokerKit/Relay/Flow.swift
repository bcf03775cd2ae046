package import Protocol

/// Bytes of an attachment on their way from who has them to who asked for them.
package struct Flow: Sendable {
    /// Which attachment of which job goes which way; there is one flow for each.
    package struct Key: Hashable, Sendable {
        /// The job.
        package let job: JobID
        /// Which of its attachments.
        package let attachment: Int
        /// Whether it belongs to the answer, not to the job.
        package let isAnswer: Bool
    }

    /// Bytes that others may ask for as well.
    package struct Content: Hashable, Sendable {
        /// Who gave them their name.
        package let owner: Identifier
        /// The name.
        package let name: ContentName
        /// How many they are.
        package let byteCount: Int
    }

    package let key: Key
    /// Who asked.
    package let receiver: PeerID
    /// Who has them.
    package let provider: PeerID
    /// The attempt both know the job by.
    package let attempt: UInt32
    /// What they are called; `nil` where nobody else will ask.
    package var content: Content?
    /// Bytes before this one have come here; of a content, have gone out.
    package var from: Int
    /// The first byte nobody was asked for.
    package var next: Int
    /// The byte after the last.
    package let to: Int

    /// Begins a flow.
    package init(
        _ key: Key, to receiver: PeerID, from provider: PeerID, attempt: UInt32, content: Content?,
        _ extent: Extent
    ) {
        self.key = key
        self.receiver = receiver
        self.provider = provider
        self.attempt = attempt
        self.content = content
        from = extent.from
        next = extent.from
        to = extent.to
    }
}
