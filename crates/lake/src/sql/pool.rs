//! The memory that statements share.

use std::fmt;

use datafusion::common::Result;
use datafusion::execution::memory_pool::{
    FairSpillPool, GreedyMemoryPool, MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation,
};

/// Half for what can go to the disk instead, each of them a fair share; half for
/// what cannot. In one pool sorts fill it to the brim, and merging what they
/// spilled, which takes little and cannot be spilled, finds nothing left.
#[derive(Debug)]
pub(super) struct Halves {
    spilling: FairSpillPool,
    staying: GreedyMemoryPool,
}

impl Halves {
    /// Halves of so many bytes.
    pub(super) fn of(bytes: usize) -> Self {
        let half = bytes / 2;
        Self { spilling: FairSpillPool::new(half), staying: GreedyMemoryPool::new(half) }
    }

    fn half(&self, consumer: &MemoryConsumer) -> &dyn MemoryPool {
        if consumer.can_spill() { &self.spilling } else { &self.staying }
    }
}

impl fmt::Display for Halves {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "half {}, half {}", self.spilling, self.staying)
    }
}

impl MemoryPool for Halves {
    fn name(&self) -> &'static str {
        "halves"
    }

    fn register(&self, consumer: &MemoryConsumer) {
        self.half(consumer).register(consumer);
    }

    fn unregister(&self, consumer: &MemoryConsumer) {
        self.half(consumer).unregister(consumer);
    }

    fn grow(&self, reservation: &MemoryReservation, more: usize) {
        self.half(reservation.consumer()).grow(reservation, more);
    }

    fn shrink(&self, reservation: &MemoryReservation, less: usize) {
        self.half(reservation.consumer()).shrink(reservation, less);
    }

    fn try_grow(&self, reservation: &MemoryReservation, more: usize) -> Result<()> {
        self.half(reservation.consumer()).try_grow(reservation, more)
    }

    fn reserved(&self) -> usize {
        self.spilling.reserved() + self.staying.reserved()
    }

    fn memory_limit(&self) -> MemoryLimit {
        match (self.spilling.memory_limit(), self.staying.memory_limit()) {
            (MemoryLimit::Finite(a), MemoryLimit::Finite(b)) => MemoryLimit::Finite(a + b),
            (other, _) => other,
        }
    }
}
