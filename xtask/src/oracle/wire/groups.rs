//! What a group's coordinator knows of a group of Connect workers.

use std::io;

use super::{Answer, Client, put_string};

const DESCRIBE_GROUPS: (i16, i16) = (15, 0);
const COORDINATOR_LOADING: [i16; 3] = [14, 15, 16];

/// A group of Connect workers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Group {
    /// `Stable` when every member has its assignment.
    pub state: String,
    /// The protocol that all members know: `sessioned`, `compatible` or `default`.
    pub protocol: String,
    pub members: Vec<GroupMember>,
}

/// A member, as it has told of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupMember {
    pub id: String,
    /// Where its REST API is.
    pub url: String,
    /// The REST API of the leader that made its assignment; empty when it has none.
    pub leader_url: String,
}

impl Client {
    /// A group by its id; an empty one while the coordinator isn't ready.
    pub fn group(&mut self, id: &str) -> io::Result<Group> {
        let mut body = Vec::new();
        body.extend(1_i32.to_be_bytes());
        put_string(&mut body, id);
        let answer = self.call(DESCRIBE_GROUPS, &body)?;
        let mut answer = Answer(&answer);
        answer.int32()?; // one group
        let code = answer.int16()?;
        if COORDINATOR_LOADING.contains(&code) {
            return Ok(Group::default());
        }
        if code != 0 {
            return Err(io::Error::other(format!("cannot describe group {id}: error code {code}")));
        }
        answer.string()?; // id
        let state = answer.text()?;
        answer.string()?; // protocol type
        let protocol = answer.text()?;
        let mut members = Vec::new();
        for _ in 0..answer.int32()? {
            let id = answer.text()?;
            answer.string()?; // client id
            answer.string()?; // client host
            let url = url(answer.bytes()?)?;
            let leader_url = leader_url(answer.bytes()?)?;
            members.push(GroupMember { id, url, leader_url });
        }
        Ok(Group { state, protocol, members })
    }
}

/// The second field of every version of Connect's metadata. There is none between two generations.
fn url(metadata: &[u8]) -> io::Result<String> {
    if metadata.is_empty() {
        return Ok(String::new());
    }
    let mut metadata = Answer(metadata);
    metadata.int16()?; // version
    metadata.text()
}

/// The fourth field of every version of Connect's assignment.
fn leader_url(assignment: &[u8]) -> io::Result<String> {
    if assignment.is_empty() {
        return Ok(String::new());
    }
    let mut assignment = Answer(assignment);
    assignment.int16()?; // version
    assignment.int16()?; // error
    assignment.string()?; // leader id
    assignment.text()
}

impl<'a> Answer<'a> {
    fn text(&mut self) -> io::Result<String> {
        Ok(String::from_utf8_lossy(self.string()?).into_owned())
    }

    fn bytes(&mut self) -> io::Result<&'a [u8]> {
        let length = usize::try_from(self.int32()?).unwrap_or(0);
        self.take(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_urls_in_what_workers_send() {
        let mut metadata = vec![0, 1, 0, 3];
        metadata.extend(b"a:1");
        metadata.extend([0; 12]);
        assert_eq!(url(&metadata).unwrap(), "a:1");
        let mut assignment = vec![0, 1, 0, 0, 0, 2];
        assignment.extend(b"id");
        assignment.extend([0, 3]);
        assignment.extend(b"b:2");
        assert_eq!(leader_url(&assignment).unwrap(), "b:2");
        assert_eq!(leader_url(&[]).unwrap(), "");
        assert!(url(&[0, 1, 0, 9]).is_err());
    }
}
