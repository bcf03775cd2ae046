import Protocol
package import ZMQ

/// Every maximum of the broker that peers need not know, each with its reason. Times are in milliseconds.
package enum BrokerLimits {
    /// How often the machine is told the time: the grain of deadlines and of every other wait.
    package static let tickMilliseconds: Int64 = 100
    /// How long a worker whose connection broke may take to come back before its jobs are given up.
    package static let reconnectGraceMilliseconds: Int64 = 1_000
    /// A pause between two ticks after which the broker itself must have slept: nobody's silence counts from
    /// before it.
    package static let sleepMilliseconds: Int64 = 1_000
    /// Silence after which a worker is torpid: a line may be two seconds late with a heartbeat, and a dead worker is
    /// to be noticed within five.
    package static let torpidMilliseconds: Int64 = 4_000
    /// Times a job is asked for again because its worker was lost or would not have it.
    package static let resendsMaximum = 8
    /// Workers that may be lost while they run a job: one that kills its workers must not kill them all.
    package static let lossesMaximum = 4
    /// How long who is overloaded is asked to wait until it tries again.
    package static let overloadWaitMilliseconds: UInt32 = 200
    /// Sessions at once, workers and trainers.
    package static let sessionsMaximum = 16_384
    /// The share of a worker's capacity that only trainers get which have fewer jobs open than it holds: 1 / 8.
    package static let reservedShare = 8
    /// Bytes of all workers' introductions: what a catalogue has is told in parts, and kept here.
    package static let announcedByteCountMaximum = 16 << 20
    /// An introduction that is longer than this may take a quarter of what is left for all, so that none shuts
    /// others out.
    package static let longIntroductionByteCount = 64 << 10
    /// What a catalogue of which a trainer knows nothing is cut to, in bytes of introductions.
    package static let catalogueByteCount = 1 << 20
    /// Bytes that wait for a trainer from which on it is told nothing of the catalogue until it has taken them.
    package static let catalogueWaitingByteCount = 1 << 20
    /// Changes of the catalogue that are told at once; after them one in the interval.
    package static let catalogueBurst = 8
    /// Between two tellings of a catalogue that changes all the time.
    package static let catalogueIntervalMilliseconds: Int64 = 50
    /// Workers remembered that are there no more: a trainer that was away for longer is told everything.
    package static let departuresMaximum = 16_384
    /// Bytes of a catalogue's reasons why copies of shards are left out, which no introduction paid for.
    package static let leftOutByteCountMaximum = 256 << 10

    /// Data sets of others that are held against a newcomer's: thousands of workers may come at once.
    package static let comparedDatasetsMaximum = 1_024

    /// Log lines about dropped messages: one in this time; the others are counted.
    package static let noiseIntervalMilliseconds: Int64 = 1_000
    /// Log lines about peers that come and go: on average one in this time.
    package static let sessionLogIntervalMilliseconds: Int64 = 100
    /// Log lines about peers that come and go: so many at once.
    package static let sessionLogBurst = 200

    /// Bytes that came after which freed memory is worth giving back.
    package static let freedByteCountMinimum: UInt64 = 64 << 20
    /// Bytes of a tick in which nothing is going on but small jobs.
    package static let quietByteCount: UInt64 = 64 << 10
    /// Bytes of a tick that each peer may add: a heartbeat each second, of some forty bytes.
    package static let quietPeerByteCount: UInt64 = 8
    /// Quiet ticks until freed memory is given back.
    package static let quietTickCount = 10

    /// How often a broker with keys looks whether its list of peers has changed.
    package static let listIntervalMilliseconds: Int64 = 500
    /// How long a broker may take to find that it keeps strangers out.
    package static let proofMilliseconds: Int64 = 5_000
    /// Owners remembered as known to a worker; a worker remembers several times as many.
    package static let knownOwnersMaximum = 1_024

    /// How long whoever asks for an overview waits before the broker counts as stuck.
    package static let overviewMilliseconds: Int64 = 1_000
    /// How long the broker does not listen when it has no descriptor left for another peer.
    package static let listeningPauseMilliseconds: Int64 = 1_000

    /// Messages libzmq holds for each peer: more than a line has on its way.
    package static let sendHighWater = 16_384
    /// Messages libzmq holds from each peer before they are read.
    package static let receiveHighWater = 1_024
    /// How long goodbyes outlive the broker.
    package static let lingerMilliseconds: Int32 = 500
    /// Bytes of records that wait for one peer: what a worker may hold of small jobs, several times.
    package static let waitingByteCountMaximum = 64 << 20
    /// Bytes of records that wait for a worker from which on it gets no new jobs.
    package static let crowdedByteCount = 16 << 20
    /// Bytes of records that wait for all peers together.
    package static let waitingTotalByteCountMaximum = 1 << 30
    /// Bytes of an attachment that are asked for before they have come.
    package static let askedByteCountMaximum = 8 << 20
    /// Bytes that are asked for before a slow line has taken those before: a line must not wait for the next ones.
    package static let aheadByteCountMinimum = 64 << 10
    /// Bytes with a name that are kept for more than one worker.
    package static let contentByteCountMaximum = 1 << 30
    /// Peers of another major version remembered, so that each is refused once.
    package static let refusedPeersMaximum = 1_024

    /// What the ROUTER is opened with; two frames, one of them the routing id.
    package static let socketLimits = SocketLimits(
        sendHighWater: sendHighWater, receiveHighWater: receiveHighWater,
        frameByteCountMaximum: ProtocolLimits.frameByteCountMaximum, frameCountMaximum: 2,
        messageByteCountMaximum: ProtocolLimits.frameByteCountMaximum + RoutingID.byteCountMaximum)
    /// Turns of the loop a connection's end is put off for messages that may still be unread.
    package static let departureTurnsMaximum = 64
}
