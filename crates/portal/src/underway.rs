//! Work that is underway and does not end with the request that began it: what
//! changes something is done whole, though whoever asked has gone.

use std::future::Future;

use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Counts what is underway, so that a stop can wait for it.
#[derive(Debug, Clone)]
pub(crate) struct Underway(watch::Sender<usize>);

impl Default for Underway {
    fn default() -> Self {
        Self(watch::Sender::new(0))
    }
}

/// One piece of work that is underway, until it is dropped: also when the work
/// panics.
struct Share(watch::Sender<usize>);

impl Drop for Share {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count = count.saturating_sub(1));
    }
}

impl Underway {
    /// Does `work` to its end, whether or not anybody waits for it.
    pub(crate) fn begin<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        self.0.send_modify(|count| *count += 1);
        let share = Share(self.0.clone());
        tokio::spawn(async move {
            let done = work.await;
            drop(share);
            done
        })
    }

    /// Waits until nothing is underway.
    pub(crate) async fn ended(&self) {
        // The sender is ours: the wait cannot fail.
        let _ = self.0.subscribe().wait_for(|count| *count == 0).await;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::sync::oneshot;
    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn a_stop_waits_for_what_nobody_else_waits_for() {
        let underway = Underway::default();
        let (finish, finished) = oneshot::channel::<()>();
        drop(underway.begin(async move { finished.await.unwrap() }));
        assert!(timeout(Duration::from_millis(50), underway.ended()).await.is_err());
        finish.send(()).unwrap();
        timeout(Duration::from_secs(20), underway.ended()).await.unwrap();
    }

    #[tokio::test]
    async fn work_that_panics_is_over() {
        let underway = Underway::default();
        let work = underway.begin(async { panic!("on purpose") });
        assert!(work.await.is_err());
        timeout(Duration::from_secs(20), underway.ended()).await.unwrap();
    }
}
