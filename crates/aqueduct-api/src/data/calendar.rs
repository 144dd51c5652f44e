//! The calendar of `java.util.GregorianCalendar`: Julian until 4 October 1582, Gregorian from the next day, the 15th.
//!
//! Everything is in UTC. Days are counted from 1 January 1970, years as astronomers do: year 0 is 1 BC.

/// Milliseconds of a day.
pub const DAY_MS: i64 = 86_400_000;

/// The first Gregorian day, 15 October 1582.
const CUTOVER_DAY: i64 = -141_427;
/// The year in which the calendar changes.
const CUTOVER_YEAR: i32 = 1582;
/// From 1 March of year 0 to 1 January 1970.
const GREGORIAN_EPOCH: i64 = 719_468;
const JULIAN_EPOCH: i64 = 719_470;

/// Which leap years count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reckoning {
    /// Every fourth year.
    Julian,
    /// Not those that end a century, unless it is the fourth.
    Gregorian,
}

impl Reckoning {
    /// The day of a date. Month (from 1) and day may lie outside their ranges and count on from there.
    pub fn day(self, year: i32, month: i32, day_of_month: i32) -> i64 {
        let (year, month, day_of_month) = (i64::from(year), i64::from(month) - 1, i64::from(day_of_month));
        let year = year + month.div_euclid(12);
        let month = month.rem_euclid(12) + 1;
        // Years from March on: the leap day is their last.
        let year = if month <= 2 { year - 1 } else { year };
        let days = (153 * ((month + 9) % 12) + 2) / 5 + day_of_month - 1;
        let leap_days = match self {
            Self::Julian => year.div_euclid(4),
            Self::Gregorian => year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400),
        };
        365 * year + leap_days + days - self.epoch()
    }

    const fn epoch(self) -> i64 {
        match self {
            Self::Julian => JULIAN_EPOCH,
            Self::Gregorian => GREGORIAN_EPOCH,
        }
    }

    /// The year, month and day of the month of a day that 64 bits of milliseconds can reach.
    fn date(self, day: i64) -> (i32, u8, u8) {
        let day = day + self.epoch();
        // Each era has the same number of days.
        let (era_years, era_days) = match self {
            Self::Julian => (4, 1461),
            Self::Gregorian => (400, 146_097),
        };
        let (era, rest) = (day.div_euclid(era_days), day.rem_euclid(era_days));
        let year_of_era = match self {
            Self::Julian => (rest - rest / 1460) / 365,
            Self::Gregorian => (rest - rest / 1460 + rest / 36_524 - rest / 146_096) / 365,
        };
        let leap_days = match self {
            Self::Julian => 0,
            Self::Gregorian => year_of_era / 4 - year_of_era / 100,
        };
        let day_of_year = rest - (365 * year_of_era + leap_days);
        let from_march = (5 * day_of_year + 2) / 153;
        let day_of_month = day_of_year - (153 * from_march + 2) / 5 + 1;
        let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
        let year = era * era_years + year_of_era + i64::from(month <= 2);
        (year as i32, month as u8, day_of_month as u8)
    }

    /// Which calendar a day is in.
    pub fn of_day(day: i64) -> Self {
        if day >= CUTOVER_DAY { Self::Gregorian } else { Self::Julian }
    }
}

/// A date and a time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DateTime {
    /// The day since 1970.
    pub epoch_day: i64,
    /// The year; 0 is 1 BC.
    pub year: i32,
    /// From 1 to 12.
    pub month: u8,
    /// From 1 to 31.
    pub day: u8,
    /// From 0 to 23.
    pub hour: u8,
    /// From 0 to 59.
    pub minute: u8,
    /// From 0 to 59.
    pub second: u8,
    /// From 0 to 999.
    pub millisecond: u16,
}

impl DateTime {
    /// The date and time of these milliseconds since 1970.
    pub fn from_epoch_ms(epoch_ms: i64) -> Self {
        let epoch_day = epoch_ms.div_euclid(DAY_MS);
        let time_ms = epoch_ms.rem_euclid(DAY_MS);
        let (year, month, day) = Reckoning::of_day(epoch_day).date(epoch_day);
        Self {
            epoch_day,
            year,
            month,
            day,
            hour: (time_ms / 3_600_000) as u8,
            minute: (time_ms / 60_000 % 60) as u8,
            second: (time_ms / 1000 % 60) as u8,
            millisecond: (time_ms % 1000) as u16,
        }
    }

    /// The year as it is written beside its era: from 1 on, whichever side of year 1.
    pub fn year_of_era(&self) -> i32 {
        if self.year > 0 { self.year } else { 1 - self.year }
    }

    /// Whether the year is before year 1.
    pub fn is_before_christ(&self) -> bool {
        self.year <= 0
    }

    /// From 0 for Sunday to 6.
    pub fn day_of_week(&self) -> u8 {
        day_of_week(self.epoch_day)
    }

    /// From 1; in 1582 the days that were left out do not count.
    pub fn day_of_year(&self) -> i64 {
        self.epoch_day - first_day_of_year(self.year) + 1
    }
}

/// From 0 for Sunday to 6.
pub fn day_of_week(epoch_day: i64) -> u8 {
    (epoch_day + 4).rem_euclid(7) as u8
}

/// The day that is 1 January of a year.
pub fn first_day_of_year(year: i32) -> i64 {
    let reckoning = if year > CUTOVER_YEAR { Reckoning::Gregorian } else { Reckoning::Julian };
    reckoning.day(year, 1, 1)
}

/// Chooses the calendar of a date that is known by its year and something in it. `day` gives the day by either.
///
/// `counted` says that the date is a number of days or weeks from the beginning of the year: those are counted as if the
/// year were Julian whenever the change comes into it.
pub fn resolve(year: i32, counted: bool, day: impl Fn(Reckoning) -> i64) -> i64 {
    let (gregorian, julian) = if year > CUTOVER_YEAR {
        let gregorian = day(Reckoning::Gregorian);
        if gregorian >= CUTOVER_DAY {
            return gregorian;
        }
        (gregorian, day(Reckoning::Julian))
    } else if year < CUTOVER_YEAR {
        let julian = day(Reckoning::Julian);
        (julian, julian)
    } else {
        (day(Reckoning::Gregorian), day(Reckoning::Julian))
    };
    // A date that was left out is taken as Julian, which is ten days later.
    if gregorian >= CUTOVER_DAY && !counted { gregorian } else { julian }
}

/// A date and time as someone wrote them: any part may lie outside its range and counts on from there.
#[derive(Debug, Clone, Copy)]
pub struct Lenient {
    /// The year; 0 is 1 BC.
    pub year: i32,
    /// From 1.
    pub month: i32,
    /// From 1.
    pub day: i32,
    /// From 0.
    pub hour: i32,
    /// From 0.
    pub minute: i32,
    /// From 0.
    pub second: i32,
    /// From 0.
    pub millisecond: i32,
}

impl Default for Lenient {
    /// Midnight of 1 January 1970.
    fn default() -> Self {
        Self { year: 1970, month: 1, day: 1, hour: 0, minute: 0, second: 0, millisecond: 0 }
    }
}

impl Lenient {
    /// Milliseconds since 1970, wrapped to 64 bits as in Java.
    pub fn epoch_ms(&self) -> i64 {
        let time_ms = self.time_ms();
        let day = resolve(self.year, false, |reckoning| {
            reckoning.day(self.year, self.month, self.day) + time_ms.div_euclid(DAY_MS)
        });
        day.wrapping_mul(DAY_MS).wrapping_add(time_ms.rem_euclid(DAY_MS))
    }

    /// The milliseconds since midnight, which may be more than a day, or negative.
    pub fn time_ms(&self) -> i64 {
        let minutes = i64::from(self.hour) * 60 + i64::from(self.minute);
        (minutes * 60 + i64::from(self.second)) * 1000 + i64::from(self.millisecond)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(epoch_ms: i64) -> (i32, u8, u8) {
        let date = DateTime::from_epoch_ms(epoch_ms);
        (date.year, date.month, date.day)
    }

    #[test]
    fn changes_the_calendar_in_october_1582() {
        assert_eq!(date(-12_219_292_800_000), (1582, 10, 15));
        assert_eq!(date(-12_219_292_800_001), (1582, 10, 4));
        assert_eq!(date(-62_135_596_800_000), (1, 1, 3));
        assert_eq!(date(-62_167_219_200_000), (0, 1, 3));
        assert_eq!(DateTime::from_epoch_ms(-62_167_219_200_000).year_of_era(), 1);
        assert_eq!(DateTime::from_epoch_ms(-12_219_292_800_000).day_of_year(), 278);
    }

    #[test]
    fn counts_there_and_back() {
        for day in (-900_000..900_000).step_by(37).chain(-141_500..-141_400) {
            let date = DateTime::from_epoch_ms(day * DAY_MS + 3_723_004);
            assert_eq!((date.hour, date.minute, date.second, date.millisecond), (1, 2, 3, 4));
            let back = Lenient {
                year: date.year,
                month: date.month.into(),
                day: date.day.into(),
                hour: 1,
                minute: 2,
                second: 3,
                millisecond: 4,
            };
            assert_eq!(back.epoch_ms(), day * DAY_MS + 3_723_004, "{date:?}");
        }
    }

    #[test]
    fn takes_what_is_out_of_range() {
        let written = Lenient { year: 2019, month: 13, day: 45, ..Lenient::default() };
        assert_eq!(date(written.epoch_ms()), (2020, 2, 14));
        // Days that were left out.
        let written = Lenient { year: 1582, month: 10, day: 10, ..Lenient::default() };
        assert_eq!(date(written.epoch_ms()), (1582, 10, 20));
        let written = Lenient { hour: 25, minute: 61, ..Lenient::default() };
        assert_eq!(written.epoch_ms(), 26 * 3_600_000 + 60_000);
        assert_eq!(DateTime::from_epoch_ms(i64::MIN).year_of_era(), 292_269_055);
    }
}
