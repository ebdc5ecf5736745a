//! Batches made ahead on another thread.

use std::ops::Range;
use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::{self, JoinHandle};

use super::error::BatchError;
use super::forms::{Batch, FrameBatch};
use super::maker::BatchMaker;

/// Batches in flight: one in use, one ready, one being made.
const BUFFERS: usize = 3;

/// What a [`BatchMaker`] makes: [`Batch`] or [`FrameBatch`].
pub trait Form: Default + Send + 'static {
    /// Becomes batch `index` of `seed`.
    ///
    /// # Errors
    /// As [`BatchMaker::make`].
    fn make(&mut self, maker: &mut BatchMaker, seed: u64, index: u64) -> Result<(), BatchError>;
}

impl Form for Batch {
    fn make(&mut self, maker: &mut BatchMaker, seed: u64, index: u64) -> Result<(), BatchError> {
        maker.make(seed, index, self)
    }
}

impl Form for FrameBatch {
    fn make(&mut self, maker: &mut BatchMaker, seed: u64, index: u64) -> Result<(), BatchError> {
        maker.make_frames(seed, index, self)
    }
}

/// Makes batches on a thread of its own, a step or two ahead of their use. The batches are those of
/// [`BatchMaker`], whatever the timing.
pub struct Prefetch<B = Batch> {
    ready: Receiver<Result<B, BatchError>>,
    used: Option<Sender<B>>,
    current: Option<B>,
    left: u64,
    thread: Option<JoinHandle<()>>,
}

impl<B: Form> Prefetch<B> {
    /// Starts making the batches `indices` of `seed`.
    pub fn start(maker: BatchMaker, seed: u64, indices: Range<u64>) -> Self {
        let (used, to_fill) = channel();
        let (filled, ready) = sync_channel(BUFFERS);
        for _ in 0..BUFFERS {
            // The receiver lives: it is moved into the thread below.
            let _ = used.send(B::default());
        }
        let left = indices.end.saturating_sub(indices.start);
        let thread = thread::spawn(move || produce(maker, seed, indices, &to_fill, &filled));
        Prefetch { ready, used: Some(used), current: None, left, thread: Some(thread) }
    }

    /// The next batch, or none after the last. Waits where it is not ready yet.
    ///
    /// # Errors
    /// As [`BatchMaker::make`]; no batch follows an error.
    pub fn next_batch(&mut self) -> Option<Result<&B, BatchError>> {
        if let (Some(batch), Some(used)) = (self.current.take(), &self.used) {
            // Nobody wants it when all batches are made.
            let _ = used.send(batch);
        }
        if self.left == 0 {
            return None;
        }
        match self.ready.recv() {
            Ok(Ok(batch)) => {
                self.left -= 1;
                Some(Ok(self.current.insert(batch)))
            }
            Ok(Err(error)) => {
                self.left = 0;
                Some(Err(error))
            }
            Err(_) => self.propagate_panic(),
        }
    }

    /// The thread ended before its work was done.
    fn propagate_panic(&mut self) -> ! {
        match self.thread.take().map(JoinHandle::join) {
            Some(Err(panic)) => resume_unwind(panic),
            _ => unreachable!("the thread makes all batches, or reports an error, or panics"),
        }
    }
}

impl<B> Drop for Prefetch<B> {
    fn drop(&mut self) {
        // Without a buffer to fill, the thread ends.
        self.used = None;
        while self.ready.recv().is_ok() {}
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn produce<B: Form>(
    mut maker: BatchMaker,
    seed: u64,
    indices: Range<u64>,
    to_fill: &Receiver<B>,
    filled: &SyncSender<Result<B, BatchError>>,
) {
    for index in indices {
        let Ok(mut batch) = to_fill.recv() else { return };
        let made = batch.make(&mut maker, seed, index).map(|()| batch);
        let failed = made.is_err();
        if filled.send(made).is_err() || failed {
            return;
        }
    }
}
