//! Nets whose training is the first stretch of another's: they make no update of their own.

use std::cmp::Reverse;

use models::Checkpoint;

use crate::Net;
use crate::record::Record;
use crate::training::{Outcome, Outcomes, Training, failed, finished};

/// A net whose training is the first stretch of another's, the lead.
pub(crate) struct Follower<'a> {
    pub(crate) record: Record<'a>,
    /// The net of the lead.
    lead: &'a Net,
}

/// A net that was opened, with the state to go on from.
pub(crate) type Opened<'a> = (Record<'a>, Checkpoint);

/// Takes out of `opened` those that need make no update of their own.
pub(crate) fn followers_among<'a>(opened: &mut Vec<Opened<'a>>) -> Vec<Follower<'a>> {
    let mut longest_first = std::mem::take(opened);
    longest_first.sort_by_key(|(record, _)| Reverse(record.length()));
    let mut followers = Vec::new();
    for (record, checkpoint) in longest_first {
        let leads = |(lead, _): &&Opened<'a>| {
            // One that was left further than here does not come by again.
            lead.length() > record.length()
                && lead.step() <= record.length()
                && lead.net.settings.is_stretch_of(&record.net.settings)
        };
        match opened.iter().find(leads).map(|(lead, _)| lead.net) {
            Some(lead) => followers.push(Follower { record, lead }),
            None => opened.push((record, checkpoint)),
        }
    }
    followers
}

/// Whether a follower is as long as its lead is now.
pub(crate) fn is_reached(followers: &[Follower<'_>], lead: &Record<'_>) -> bool {
    followers.iter().any(|follower| follower.is_at(lead))
}

/// Finishes the followers that are as long as `lead` is now, whose state is `checkpoint`.
pub(crate) fn finish_reached<'a>(
    followers: &mut Vec<Follower<'a>>,
    lead: &Record<'a>,
    checkpoint: &Checkpoint,
    training: &Training<'_>,
) -> Outcomes<'a> {
    let reached: Vec<Follower<'_>> = followers.extract_if(.., |follower| follower.is_at(lead)).collect();
    let finish = |Follower { mut record, .. }: Follower<'a>| {
        record.catch_up(lead);
        finished(record, || Ok(checkpoint.clone()), training)
    };
    reached.into_iter().map(finish).collect()
}

/// Ends the followers of `lead`, which failed by `error`.
pub(crate) fn end_with<'a>(
    followers: &mut Vec<Follower<'a>>,
    lead: &Record<'a>,
    error: &anyhow::Error,
    training: &Training<'_>,
) -> Outcomes<'a> {
    let with_it = followers.extract_if(.., |follower| follower.lead.name == lead.net.name);
    with_it.map(|follower| failed(&follower.record, error, training)).collect()
}

/// What becomes of followers that were not reached: what they would save, their leads do.
pub(crate) fn stopped<'a>(followers: Vec<Follower<'a>>) -> Outcomes<'a> {
    followers.into_iter().map(|follower| (follower.record.net, Outcome::Stopped)).collect()
}

impl Follower<'_> {
    fn is_at(&self, lead: &Record<'_>) -> bool {
        self.lead.name == lead.net.name && self.record.length() == lead.step()
    }
}
