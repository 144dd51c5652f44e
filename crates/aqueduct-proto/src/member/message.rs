//! Requests to the coordinator and its answers, in neutral words: a driver translates them to the wire.

use crate::subprotocol::Subprotocol;

/// What to send to the coordinator; [`Request::FindCoordinator`] to any broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Where is the group's coordinator?
    FindCoordinator,
    /// Join, or join again.
    Join {
        /// Empty on the first try.
        member_id: String,
        /// Name and metadata of each subprotocol, in order of preference.
        protocols: Vec<(&'static str, Vec<u8>)>,
        /// `session.timeout.ms`
        session_timeout_ms: i32,
        /// `rebalance.timeout.ms`
        rebalance_timeout_ms: i32,
    },
    /// Fetch the assignment; the leader brings all of them.
    Sync {
        /// The generation that was joined.
        generation: i32,
        /// This member.
        member_id: String,
        /// The group's subprotocol.
        protocol: &'static str,
        /// By member id; empty if this member does not lead.
        assignments: Vec<(String, Vec<u8>)>,
    },
    /// Still here.
    Heartbeat {
        /// The generation.
        generation: i32,
        /// This member.
        member_id: String,
    },
    /// Not here any more. Nobody waits for the answer.
    Leave {
        /// This member.
        member_id: String,
    },
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Response {
    /// The coordinator is known and connected.
    CoordinatorFound,
    /// The group has a new generation.
    Joined {
        /// Its number.
        generation: i32,
        /// The subprotocol that all members know.
        protocol: String,
        /// The leader's member id.
        leader: String,
        /// This member's id.
        member_id: String,
        /// For the leader: every member and its metadata.
        members: Vec<(String, Vec<u8>)>,
    },
    /// The assignment; no bytes if the leader gave none.
    Synced(Vec<u8>),
    /// The heartbeat was taken.
    Alive,
    /// An error.
    Failed(GroupError),
}

/// What the coordinator or the connection to it complains about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GroupError {
    /// It is not there yet, or still loading the group: try again there.
    Loading,
    /// It is elsewhere, or out of reach.
    NotCoordinator,
    /// The group is joining: join too.
    RebalanceInProgress,
    /// The generation is over without this member.
    IllegalGeneration,
    /// The member is not known (any more), or another one has taken its place.
    UnknownMember,
    /// Join again with the id that came with this answer, in [`Member::handle_member_id`](super::Member::handle_member_id).
    MemberIdRequired,
    /// The group speaks no subprotocol of this worker.
    InconsistentProtocol,
    /// This worker may not use the group, or the request cannot be right.
    Refused(i16),
}

/// What the owner of a [`Member`](super::Member) must do or know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The member wants to join: stop what must be stopped and call [`Member::join`](super::Member::join).
    Prepare,
    /// This member leads: call [`Member::assign`](super::Member::assign).
    Lead {
        /// The generation.
        generation: i32,
        /// The last generation in which this member got an assignment; -1 for none.
        last_completed_generation: i32,
        /// The group's subprotocol.
        protocol: Subprotocol,
        /// Every member and its metadata.
        members: Vec<(String, Vec<u8>)>,
    },
    /// The leader's decision for this member.
    Assigned {
        /// The generation.
        generation: i32,
        /// The group's subprotocol.
        protocol: Subprotocol,
        /// This member's id.
        member_id: String,
        /// The bytes of the assignment.
        assignment: Vec<u8>,
    },
    /// The coordinator has been out of reach for too long: others may take over the work, so it must stop.
    OutOfReach,
    /// Nobody called [`Member::poll`](super::Member::poll) for `rebalance.timeout.ms`; the member has left.
    PollTimeout,
    /// The group does not take this worker. The member tries no more.
    Fatal(GroupError),
}
