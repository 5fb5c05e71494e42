//! Serial numbers.

use std::fmt;
use std::str::FromStr;

use super::PkiError;

/// The number by which an authority knows a certificate: shown as `openssl x509 -serial` does, in capital hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Serial(Vec<u8>);

impl Serial {
    /// A new one: 16 random bytes, as positive as RFC 5280 wants it and always of the same length.
    ///
    /// # Errors
    /// The system has no random bytes.
    pub(super) fn new() -> Result<Self, PkiError> {
        let mut bytes = crate::random::bytes::<16>().map_err(|_| PkiError::Random)?;
        bytes[0] = bytes[0] & 0x7f | 0x40;
        Ok(Self(bytes.to_vec()))
    }

    /// From the bytes in a certificate, most significant first.
    pub(super) fn of(bytes: &[u8]) -> Self {
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        Self(bytes.get(zeros..).unwrap_or_default().to_vec())
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02X}"))
    }
}

impl FromStr for Serial {
    type Err = PkiError;

    fn from_str(text: &str) -> Result<Self, PkiError> {
        let digits = text.as_bytes();
        if digits.is_empty() || !digits.len().is_multiple_of(2) || digits.len() > 40 {
            return Err(PkiError::Serial);
        }
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let byte = |pair: &[u8]| Some(digit(*pair.first()?)? << 4 | digit(*pair.get(1)?)?);
        let bytes: Option<Vec<u8>> = digits.chunks(2).map(byte).collect();
        bytes.map(|bytes| Self::of(&bytes)).ok_or(PkiError::Serial)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_text_and_back() {
        let serial = Serial::new().unwrap();
        assert_eq!(serial.to_string().len(), 32);
        assert_eq!(serial.to_string().parse(), Ok(serial));
        assert_eq!("00aB".parse::<Serial>().unwrap().to_string(), "AB");
        for bad in ["", "A", "zz", "AB CD", &"AB".repeat(21)] {
            assert_eq!(bad.parse::<Serial>(), Err(PkiError::Serial), "{bad}");
        }
    }
}
