//! Versions, ordered as Maven orders them.

use std::cmp::Ordering;

/// A version. `1.0` equals `1`; `1.0-alpha` < `1.0-rc1` < `1.0-SNAPSHOT` < `1.0` < `1.0-sp` < `1.0.1`.
#[derive(Debug, Clone)]
pub struct Version {
    text: String,
    items: Vec<Item>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Item {
    /// Digits without leading zeros: a number of any size.
    Number(String),
    Word(String),
    List(Vec<Item>),
}

/// Words with a meaning, in their order. The empty one is the release itself.
const QUALIFIERS: [&str; 7] = ["alpha", "beta", "milestone", "rc", "snapshot", "", "sp"];

impl Version {
    /// Reads a version; any text is one.
    pub fn new(text: &str) -> Self {
        Self { text: text.to_owned(), items: parse(&text.to_lowercase()) }
    }

    /// The version as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// What has been read so far: lists inside lists, the innermost last.
struct Parser {
    open: Vec<Vec<Item>>,
}

impl Parser {
    fn push(&mut self, item: Item) {
        if let Some(list) = self.open.last_mut() {
            list.push(item);
        }
    }

    fn nest(&mut self) {
        self.open.push(Vec::new());
    }

    fn finish(mut self) -> Vec<Item> {
        loop {
            let mut list = self.open.pop().unwrap_or_default();
            normalize(&mut list);
            if self.open.is_empty() {
                return list;
            }
            self.push(Item::List(list));
        }
    }
}

fn parse(text: &str) -> Vec<Item> {
    let mut parser = Parser { open: vec![Vec::new()] };
    let mut token = String::new();
    let mut digits = false;
    for char in text.chars() {
        match char {
            '.' | '-' => {
                parser.push(item(&std::mem::take(&mut token), digits, false));
                if char == '-' {
                    parser.nest();
                }
            }
            _ if char.is_ascii_digit() != digits && !token.is_empty() => {
                parser.push(item(&std::mem::take(&mut token), digits, char.is_ascii_digit()));
                parser.nest();
                token.push(char);
            }
            _ => token.push(char),
        }
        digits = char.is_ascii_digit() || (digits && matches!(char, '.' | '-'));
    }
    if !token.is_empty() {
        parser.push(item(&token, digits, false));
    }
    parser.finish()
}

fn item(token: &str, digits: bool, digit_follows: bool) -> Item {
    if token.is_empty() || digits {
        return Item::Number(token.trim_start_matches('0').to_owned());
    }
    Item::Word(
        match token {
            "a" if digit_follows => "alpha",
            "b" if digit_follows => "beta",
            "m" if digit_follows => "milestone",
            "ga" | "final" | "release" => "",
            "cr" => "rc",
            other => other,
        }
        .to_owned(),
    )
}

/// Drops what adds nothing at the end of a list: zeros, release words, empty lists.
fn normalize(list: &mut Vec<Item>) {
    let mut at = list.len();
    while at > 0 {
        at -= 1;
        match list.get(at) {
            Some(item) if is_null(item) => {
                list.remove(at);
            }
            Some(Item::List(_)) => {}
            _ => return,
        }
    }
}

fn is_null(item: &Item) -> bool {
    match item {
        Item::Number(digits) => digits.is_empty(),
        Item::Word(word) => word.is_empty(),
        Item::List(list) => list.is_empty(),
    }
}

/// Known words by their place, others behind them by their text.
fn qualifier(word: &str) -> (usize, &str) {
    match QUALIFIERS.iter().position(|known| *known == word) {
        Some(at) => (at, ""),
        None => (QUALIFIERS.len(), word),
    }
}

fn compare(a: &Item, b: Option<&Item>) -> Ordering {
    match (a, b) {
        (Item::Number(digits), None) => digits.is_empty().cmp(&true).reverse(),
        (Item::Number(a), Some(Item::Number(b))) => a.len().cmp(&b.len()).then_with(|| a.cmp(b)),
        (Item::Number(_), Some(_)) => Ordering::Greater,
        (Item::Word(word), None) => qualifier(word).cmp(&qualifier("")),
        (Item::Word(a), Some(Item::Word(b))) => qualifier(a).cmp(&qualifier(b)),
        (Item::Word(_), Some(_)) => Ordering::Less,
        (Item::List(list), None) => {
            list.iter().map(|item| compare(item, None)).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
        }
        (Item::List(_), Some(Item::Number(_))) => Ordering::Less,
        (Item::List(_), Some(Item::Word(_))) => Ordering::Greater,
        (Item::List(a), Some(Item::List(b))) => compare_lists(a, b),
    }
}

fn compare_lists(a: &[Item], b: &[Item]) -> Ordering {
    let pairs = (0..a.len().max(b.len())).map(|at| (a.get(at), b.get(at)));
    let mut orders = pairs.map(|pair| match pair {
        (Some(a), b) => compare(a, b),
        (None, Some(b)) => compare(b, None).reverse(),
        (None, None) => Ordering::Equal,
    });
    orders.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        compare_lists(&self.items, &other.items)
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Version {}

#[cfg(test)]
mod tests {
    use super::Version;

    #[test]
    fn orders_as_maven_does() {
        let ordered = [
            "1-alpha",
            "1-beta2",
            "1-m3",
            "1-rc1",
            "1-SNAPSHOT",
            "1",
            "1-sp",
            "1-abc",
            "1-1",
            "1.1",
            "1.2",
            "1.10",
            "2",
        ];
        for pair in ordered.windows(2) {
            assert!(Version::new(pair[0]) < Version::new(pair[1]), "{pair:?}");
        }
        for (a, b) in [("1", "1.0"), ("1.0.0", "1-ga"), ("1-cr1", "1-rc1"), ("1.a1", "1.alpha1"), ("01", "1")]
        {
            assert_eq!(Version::new(a), Version::new(b), "{a} {b}");
        }
    }
}
