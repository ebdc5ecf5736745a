//! Messages of protobuf: fields by number, one after the other.

/// A message that is being written.
#[derive(Clone, Debug, Default)]
pub(super) struct Message(Vec<u8>);

impl Message {
    /// Adds an integer.
    pub(super) fn number(mut self, field: u32, number: i64) -> Self {
        self.varint(u64::from(field) << 3);
        self.varint(number as u64);
        self
    }

    /// Adds bytes.
    pub(super) fn blob(mut self, field: u32, bytes: &[u8]) -> Self {
        self.varint(u64::from(field) << 3 | 2);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
        self
    }

    /// Adds a text.
    pub(super) fn text(self, field: u32, text: &str) -> Self {
        self.blob(field, text.as_bytes())
    }

    /// Adds a message.
    pub(super) fn message(self, field: u32, message: &Self) -> Self {
        self.blob(field, &message.0)
    }

    /// What was written.
    pub(super) fn bytes(self) -> Vec<u8> {
        self.0
    }

    /// Seven bits a byte, the lowest first; the highest bit tells that more follow.
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_written_as_the_specification_has_them() {
        // The examples of protobuf's own documentation.
        assert_eq!(Message::default().number(1, 150).bytes(), [0x08, 0x96, 0x01]);
        assert_eq!(Message::default().text(2, "testing").bytes(), b"\x12\x07testing");
        let inner = Message::default().number(1, 150);
        assert_eq!(Message::default().message(3, &inner).bytes(), [0x1a, 0x03, 0x08, 0x96, 0x01]);
        assert_eq!(
            Message::default().number(1, -2).bytes(),
            [&[0x08, 0xfe][..], &[0xff; 8], &[0x01]].concat()
        );
    }
}
