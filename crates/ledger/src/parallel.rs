//! Work on many entries, spread over the processors.

/// `work` on each of `items`, spread over the processors, in the order of `items`.
pub fn in_parallel<'a, T: Sync, R: Send>(
    items: &'a [T],
    work: impl Fn(&'a T) -> R + Sync,
) -> Vec<R> {
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(8);
    // Below this, starting a thread costs more than it saves.
    if processors == 1 || items.len() < 256 {
        return items.iter().map(work).collect();
    }
    let share = items.len().div_ceil(processors);
    let work = &work;
    std::thread::scope(|scope| {
        let threads: Vec<_> = items
            .chunks(share)
            .map(|chunk| scope.spawn(move || chunk.iter().map(work).collect::<Vec<R>>()))
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| match thread.join() {
                Ok(done) => done,
                Err(panic) => std::panic::resume_unwind(panic),
            })
            .collect()
    })
}
