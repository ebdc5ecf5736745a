//! What a watcher tells, when it happens.

use serde::Serialize;

use crate::health::Complaint;
use crate::score::Band;
use crate::threshold::digits;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum What {
    /// A stretch above the threshold is long enough to be told of.
    Began,
    /// It is over.
    Ended,
    /// The sound is not to be trusted.
    Microphone,
    /// It is again.
    Trusted,
    /// All goes on: level of the scores since the last heartbeat.
    Alive,
    /// No sound comes.
    Stalled,
    /// It comes again.
    Resumed,
    /// The stream is at its end.
    End,
}

/// An event of a stream. Times are in seconds from its start.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Event {
    /// What happened.
    pub event: What,
    /// By the clock, in UTC.
    pub time: String,
    /// Sound that has come by then.
    pub at_s: f64,
    /// The largest score over the threshold: of the stretch so far, or since the last heartbeat.
    pub ratio: f64,
    /// The stretch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_s: Option<f64>,
    /// Its last moment above, once it is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to_s: Option<f64>,
    /// The band that stood out when it was told of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub band: Option<Band>,
    /// What is wrong with the sound.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub health: Vec<Complaint>,
    /// What else there is to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Event {
    /// An event that has just happened.
    pub(crate) fn now(event: What, at_s: f64, ratio: f64) -> Self {
        let time = humantime::format_rfc3339_millis(std::time::SystemTime::now()).to_string();
        Self {
            event,
            time,
            at_s,
            ratio,
            from_s: None,
            to_s: None,
            band: None,
            health: Vec::new(),
            note: None,
        }
    }

    /// A line of text.
    pub fn text(&self) -> String {
        let ratio = digits(self.ratio);
        let from = self.from_s.unwrap_or(self.at_s);
        let said = match self.event {
            What::Began => format!("ANOMALY began at {from:.1} s, {ratio} times the threshold"),
            What::Ended => {
                format!(
                    "anomaly ended: {from:.1}-{:.1} s, {ratio} times the threshold",
                    self.to_s.unwrap_or(from)
                )
            }
            What::Microphone => "microphone?".to_owned(),
            What::Trusted => "the microphone is trusted again".to_owned(),
            What::Alive => format!("alive at {:.0} s, largest score {ratio} of the threshold", self.at_s),
            What::Stalled => format!("stalled at {:.1} s: no sound comes", self.at_s),
            What::Resumed => format!("resumed at {:.1} s", self.at_s),
            What::End => format!("the stream ended at {:.1} s", self.at_s),
        };
        let mut line = format!("{} {said}", self.time);
        if let Some(band) = &self.band {
            line += &format!("; {}", band.text());
        }
        for complaint in &self.health {
            let [least, most] = complaint.training.map(digits);
            let found = digits(complaint.found);
            line +=
                &format!("; {} {found} {}, in training {least} to {most}", complaint.check, complaint.unit);
        }
        if let Some(note) = &self.note {
            line += &format!("; {note}");
        }
        line
    }
}
