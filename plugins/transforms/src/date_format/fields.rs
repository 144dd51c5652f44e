//! The fields that a text has set, and which of them count: the resolution of `java.util.GregorianCalendar`.

use aqueduct_api::data::calendar::{DAY_MS, DateTime, Reckoning, resolve};

/// A field of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    /// 0 for BC, 1 for AD
    Era,
    Year,
    WeekYear,
    /// From 0
    Month,
    WeekOfYear,
    WeekOfMonth,
    DayOfMonth,
    DayOfYear,
    /// From 1 for Sunday
    DayOfWeek,
    DayOfWeekInMonth,
    AmPm,
    /// From 0 to 11
    HalfHour,
    Hour,
    Minute,
    Second,
    Millisecond,
    /// In milliseconds
    ZoneOffset,
    /// What daylight saving adds, in milliseconds
    DstOffset,
}

const FIELDS: usize = 18;
const SUNDAY: i32 = 1;

/// Values of fields, and in which order they were set: 0 is not at all.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fields {
    values: [i32; FIELDS],
    stamps: [u32; FIELDS],
    last: u32,
}

/// The Sunday or other day of the week (1 to 7) on or before a day.
fn on_or_before(day: i64, day_of_week: i32) -> i64 {
    // Day 0 is a Thursday, the fifth day.
    day - (day - i64::from(day_of_week.wrapping_sub(1)) + 4).rem_euclid(7)
}

/// What a date is counted by.
#[derive(Debug, Clone, Copy)]
enum DateBy {
    DayOfMonth,
    WeekOfMonth,
    DayOfWeekInMonth,
    DayOfYear,
    WeekOfYear,
}

impl Fields {
    pub(crate) fn set(&mut self, field: Field, value: i32) {
        self.last += 1;
        self.values[field as usize] = value;
        self.stamps[field as usize] = self.last;
    }

    fn stamp(&self, field: Field) -> u32 {
        self.stamps[field as usize]
    }

    fn get(&self, field: Field) -> Option<i32> {
        (self.stamp(field) > 0).then_some(self.values[field as usize])
    }

    /// The same, a number of years later.
    pub(crate) fn years_later(mut self, years: i32) -> Self {
        for field in [Field::Year, Field::WeekYear] {
            self.values[field as usize] = self.values[field as usize].wrapping_add(years);
        }
        self
    }

    /// Milliseconds since 1970.
    pub(crate) fn epoch_ms(&self) -> i64 {
        let time_ms = self.time_ms();
        let by_week_year =
            self.stamp(Field::WeekYear) > 0 && self.stamp(Field::WeekYear) > self.stamp(Field::Year);
        let days = time_ms.div_euclid(DAY_MS);
        let mut day = self.date(days);
        if by_week_year {
            // The era is that of the date without the year of weeks.
            let era = DateTime::from_epoch_ms(day.wrapping_mul(DAY_MS)).is_before_christ();
            let date = self.week_date(era);
            let (month, day_of_month) = (date.month.into(), date.day.into());
            day = resolve(date.year, false, |reckoning| reckoning.day(date.year, month, day_of_month) + days);
        }
        let zone = i64::from(self.get(Field::ZoneOffset).unwrap_or(0))
            + i64::from(self.get(Field::DstOffset).unwrap_or(0));
        day.wrapping_mul(DAY_MS).wrapping_add(time_ms.rem_euclid(DAY_MS)).wrapping_sub(zone)
    }

    fn time_ms(&self) -> i64 {
        let get = |field| i64::from(self.get(field).unwrap_or(0));
        let both = |a: Field, b: Field| {
            if self.stamp(a) == 0 || self.stamp(b) == 0 { 0 } else { self.stamp(a).max(self.stamp(b)) }
        };
        let mut newest = both(Field::HalfHour, Field::AmPm).max(self.stamp(Field::Hour));
        if newest == 0 {
            newest = self.stamp(Field::HalfHour).max(self.stamp(Field::AmPm));
        }
        let hours = if newest == self.stamp(Field::Hour) {
            get(Field::Hour)
        } else {
            get(Field::HalfHour) + 12 * get(Field::AmPm)
        };
        ((hours * 60 + get(Field::Minute)) * 60 + get(Field::Second)) * 1000 + get(Field::Millisecond)
    }

    /// The day, `days` after the one that the date's fields say.
    fn date(&self, days: i64) -> i64 {
        let year = self.get(Field::Year).unwrap_or(1970);
        let year = if self.get(Field::Era) == Some(0) { 1_i32.wrapping_sub(year) } else { year };
        let by = self.date_by();
        let counted = matches!(by, DateBy::DayOfYear | DateBy::WeekOfYear);
        resolve(year, counted, |reckoning| self.day(reckoning, year, by).wrapping_add(days))
    }

    /// Of the groups of fields that say a day, the one that was set last; a group that is not complete counts only if
    /// none is.
    fn date_by(&self) -> DateBy {
        let stamp = |field| self.stamp(field);
        let (day_of_week, week_of_year) = (stamp(Field::DayOfWeek), stamp(Field::WeekOfYear));
        let with_day = |field| match (self.stamp(field), day_of_week) {
            (0, _) | (_, 0) => 0,
            (a, b) => a.max(b),
        };
        let mut by_month_day = stamp(Field::DayOfMonth);
        let mut by_week_of_month = with_day(Field::WeekOfMonth);
        let mut by_day_in_month = with_day(Field::DayOfWeekInMonth);
        let by_day_of_year = stamp(Field::DayOfYear);
        let mut by_week_of_year = with_day(Field::WeekOfYear);
        let mut best = [by_week_of_month, by_day_in_month, by_day_of_year, by_week_of_year]
            .into_iter()
            .fold(by_month_day, u32::max);
        if best == 0 {
            by_week_of_month = stamp(Field::WeekOfMonth);
            by_day_in_month = stamp(Field::DayOfWeekInMonth).max(day_of_week);
            by_week_of_year = week_of_year;
            best = by_week_of_month.max(by_day_in_month).max(by_week_of_year);
            if best == 0 {
                by_month_day = stamp(Field::Month);
                best = by_month_day;
            }
        }
        let week_of_month_wins = stamp(Field::WeekOfMonth) >= week_of_year;
        let day_in_month_wins = stamp(Field::DayOfWeekInMonth) >= week_of_year;
        if best == by_month_day {
            DateBy::DayOfMonth
        } else if (best == by_week_of_month && week_of_month_wins)
            || (best == by_day_in_month && day_in_month_wins)
        {
            let week = if by_week_of_month == by_day_in_month {
                stamp(Field::WeekOfMonth) >= stamp(Field::DayOfWeekInMonth)
            } else {
                best == by_week_of_month
            };
            if week { DateBy::WeekOfMonth } else { DateBy::DayOfWeekInMonth }
        } else if best == by_day_of_year {
            DateBy::DayOfYear
        } else {
            DateBy::WeekOfYear
        }
    }

    fn day(&self, reckoning: Reckoning, year: i32, by: DateBy) -> i64 {
        let by_month = matches!(by, DateBy::DayOfMonth | DateBy::WeekOfMonth | DateBy::DayOfWeekInMonth);
        let month = if by_month { self.get(Field::Month).unwrap_or(0) } else { 0 };
        let (year, month) = (year.wrapping_add(month.div_euclid(12)), month.rem_euclid(12) + 1);
        let first = reckoning.day(year, month, 1);
        let day_of_week = self.get(Field::DayOfWeek);
        match by {
            DateBy::DayOfMonth => first + i64::from(self.get(Field::DayOfMonth).unwrap_or(1)) - 1,
            DateBy::DayOfYear => first + i64::from(self.get(Field::DayOfYear).unwrap_or(1)) - 1,
            DateBy::WeekOfMonth => {
                let weeks = self.get(Field::WeekOfMonth).unwrap_or(0).wrapping_sub(1).wrapping_mul(7);
                day_of_first_week(first, day_of_week) + i64::from(weeks)
            }
            DateBy::WeekOfYear => {
                let weeks = i64::from(self.get(Field::WeekOfYear).unwrap_or(0)) - 1;
                day_of_first_week(first, day_of_week.filter(|day| *day != SUNDAY)) + 7 * weeks
            }
            DateBy::DayOfWeekInMonth => {
                let day_of_week = day_of_week.unwrap_or(SUNDAY);
                let nth = self.get(Field::DayOfWeekInMonth).unwrap_or(1);
                if nth >= 0 {
                    return on_or_before(first + i64::from(nth.wrapping_mul(7)) - 1, day_of_week);
                }
                // From the end of the month.
                let length = (reckoning.day(year, month + 1, 1) - first) as i32;
                let last = length.wrapping_add(nth.wrapping_add(1).wrapping_mul(7));
                on_or_before(first + i64::from(last) - 1, day_of_week)
            }
        }
    }

    /// The day that a year of weeks, a week and a day of the week say. A day outside its range counts weeks on. All is cut
    /// to 32 bits, as in Java.
    fn week_date(&self, before_christ: bool) -> DateTime {
        let week_year = self.values[Field::WeekYear as usize];
        let year = if before_christ { 1_i32.wrapping_sub(week_year) } else { week_year };
        let mut week = self.get(Field::WeekOfYear).unwrap_or(1);
        let mut day_of_week = self.get(Field::DayOfWeek).unwrap_or(SUNDAY);
        if day_of_week >= 8 {
            week = week.wrapping_add((day_of_week - 1) / 7);
            // Counted from Monday.
            day_of_week = ((day_of_week - 1) % 7 + 1) % 7 + 1;
        } else if day_of_week <= 0 {
            let weeks = day_of_week.unsigned_abs() / 7 + 1;
            week = week.wrapping_sub_unsigned(weeks);
            day_of_week = day_of_week.wrapping_add_unsigned(weeks * 7) % 7 + 1;
        }
        let first = resolve(year, true, |reckoning| on_or_before(reckoning.day(year, 1, 1), SUNDAY));
        let days = week.wrapping_sub(1).wrapping_mul(7).wrapping_add(day_of_week - SUNDAY);
        // Java goes by way of milliseconds, which may wrap.
        DateTime::from_epoch_ms(first.wrapping_mul(DAY_MS).wrapping_add(i64::from(days) * DAY_MS))
    }
}

/// In the week of a period's first day: its Sunday, or another day.
fn day_of_first_week(first: i64, day_of_week: Option<i32>) -> i64 {
    let sunday = on_or_before(first, SUNDAY);
    match day_of_week {
        Some(day) => on_or_before(sunday + 6, day),
        None => sunday,
    }
}
