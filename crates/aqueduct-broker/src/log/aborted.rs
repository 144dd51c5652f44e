//! The index of aborted transactions, which read_committed consumers need to skip their records.

/// One aborted transaction in one partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AbortedTransaction {
    pub(crate) producer_id: i64,
    pub(crate) first_offset: i64,
    /// Offset of the abort marker.
    pub(crate) last_offset: i64,
}

/// Aborted transactions in the order of their markers.
#[derive(Debug, Default)]
pub(crate) struct AbortedIndex {
    transactions: Vec<AbortedTransaction>,
}

impl AbortedIndex {
    pub(crate) fn push(&mut self, transaction: AbortedTransaction) {
        self.transactions.push(transaction);
    }

    /// The transactions with records or markers in `from..to`.
    pub(crate) fn overlapping(&self, from: i64, to: i64) -> impl Iterator<Item = &AbortedTransaction> {
        let begin = self.transactions.partition_point(|transaction| transaction.last_offset < from);
        self.transactions.iter().skip(begin).filter(move |transaction| transaction.first_offset < to)
    }

    pub(crate) fn covers(&self, producer_id: i64, offset: i64) -> bool {
        self.overlapping(offset, offset + 1).any(|transaction| transaction.producer_id == producer_id)
    }

    pub(crate) fn drop_before(&mut self, start: i64) {
        self.transactions.retain(|transaction| transaction.last_offset >= start);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlap_is_by_marker_and_first_record() {
        let mut index = AbortedIndex::default();
        for (producer_id, first_offset, last_offset) in [(1, 0, 5), (2, 3, 9), (1, 7, 12)] {
            index.push(AbortedTransaction { producer_id, first_offset, last_offset });
        }
        let check = |from, to, expected: &[i64]| {
            let found: Vec<i64> = index.overlapping(from, to).map(|found| found.last_offset).collect();
            assert_eq!(found, expected, "{from}..{to}");
        };
        check(0, 100, &[5, 9, 12]);
        check(6, 7, &[9]);
        check(6, 8, &[9, 12]);
        check(13, 20, &[]);
        assert!(index.covers(1, 8) && !index.covers(1, 6) && index.covers(2, 6));
    }
}
