//! What one record costs: each converter and each transformation on a struct of ten fields.
//!
//! A [`Job`] is one call on one record. `cargo xtask bench transforms` times them all, counts their allocations, and
//! puts the Java classes beside them, which do the same on the same record under the same names.

mod converters;
mod job;
mod sample;
mod transforms;

pub use job::Job;

/// Every job.
pub fn jobs() -> Vec<Job> {
    let mut jobs = converters::jobs();
    jobs.extend(transforms::jobs());
    jobs
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_job_does_its_work_again_and_again() {
        let mut names = HashSet::new();
        for mut job in jobs() {
            assert!(names.insert(job.name.clone()), "{} comes twice", job.name);
            job.run();
            job.run();
        }
        assert!(names.len() > 30, "{names:?}");
    }
}
