//! What is written is read as a person would read it, class by class.

use voice_clone::text::{Say, normalize_text};

/// The spoken words; letters said by name in capitals, pauses as marks.
fn said(text: &str) -> String {
    let tokens = normalize_text(text).tokens;
    let written = tokens.iter().map(|token| match token.say {
        Say::Letter => token.text[..1].to_uppercase() + &token.text[1..],
        Say::Word | Say::Pause(_) => token.text.clone(),
    });
    written.collect::<Vec<_>>().join(" ")
}

/// Every case is checked, so that one run shows all that differ.
fn check(cases: &[(&str, &str)]) {
    let wrong: Vec<String> = cases
        .iter()
        .filter(|(text, expected)| said(text) != *expected)
        .map(|(text, expected)| format!("{text:?}\n  expected {expected}\n  actual   {}", said(text)))
        .collect();
    assert!(wrong.is_empty(), "{} of {} differ\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn cardinals() {
    check(&[
        ("0 7 12 20 45", "zero seven twelve twenty forty five"),
        ("He has 123 cows.", "he has one hundred twenty three cows ."),
        ("1,234,567 people", "one million two hundred thirty four thousand five hundred sixty seven people"),
        ("I counted 1500 people", "i counted one thousand five hundred people"),
        ("It was -5 outside", "it was minus five outside"),
        ("Agent 007", "agent zero zero seven"),
        ("2 000", "two zero zero zero"),
        ("10k runners", "ten thousand runners"),
        ("There are 3, maybe 4.", "there are three , maybe four ."),
        ("1000000000000 stars", "one trillion stars"),
    ]);
}

#[test]
fn decimals_and_fractions() {
    check(&[
        ("3.14", "three point one four"),
        ("0.05", "zero point zero five"),
        (".5", "point five"),
        ("1,000.25", "one thousand point two five"),
        ("1/2 cup", "one half cup"),
        ("3/4", "three quarters"),
        ("2/3 of them", "two thirds of them"),
        ("2 1/2 hours", "two and a half hours"),
        ("1½ miles", "one and a half miles"),
        ("¾", "three quarters"),
        ("5/8", "five eighths"),
        ("24/7", "twenty four seven"),
        ("16/9", "sixteen over nine"),
    ]);
}

#[test]
fn ordinals() {
    check(&[
        ("the 1st of 3", "the first of three"),
        ("2nd, 3rd, 4th", "second , third , fourth"),
        ("the 21st century", "the twenty first century"),
        ("her 100th win", "her one hundredth win"),
        ("11th, 12th and 13th", "eleventh , twelfth and thirteenth"),
        ("42nd St.", "forty second street ."),
    ]);
}

#[test]
fn years() {
    check(&[
        ("in 1984", "in nineteen eighty four"),
        ("in 2009", "in two thousand nine"),
        ("since 2015", "since twenty fifteen"),
        ("in 1905", "in nineteen oh five"),
        ("by 1900", "by nineteen hundred"),
        ("in 1066.", "in ten sixty six ."),
        ("the 1990s", "the nineteen nineties"),
        ("the '80s", "the eighties"),
        ("the 80s", "the eighties"),
        ("the summer of '68", "the summer of sixty eight"),
        ("in the 1900s", "in the nineteen hundreds"),
        ("in 2000", "in two thousand"),
    ]);
}

#[test]
fn dates() {
    check(&[
        ("January 5, 2020", "january fifth , twenty twenty"),
        ("Jan. 5, 2020", "january fifth , twenty twenty"),
        ("on July 4th", "on july fourth"),
        ("5 March 1999", "the fifth of march nineteen ninety nine"),
        ("2020-01-05", "january fifth , twenty twenty"),
        ("1/5/2020", "january fifth , twenty twenty"),
        ("25/12/1999", "december twenty fifth , nineteen ninety nine"),
        ("24.12.1999", "the twenty fourth of december , nineteen ninety nine"),
        ("June 1944", "june nineteen forty four"),
        ("You may 5 times", "you may five times"),
        ("Sept. 11, 2001", "september eleventh , two thousand one"),
    ]);
}

#[test]
fn times() {
    check(&[
        ("at 3:30", "at three thirty"),
        ("at 3:30 pm", "at three thirty P M"),
        ("3:05 p.m. today", "three oh five P M today"),
        ("9:00", "nine o'clock"),
        ("9:00 AM", "nine A M"),
        ("at 7pm", "at seven P M"),
        ("15:45", "fifteen forty five"),
        ("It is 5 p.m.", "it is five P M ."),
        ("at 5 p.m. The", "at five P M . the"),
        ("10:20:30", "ten hours twenty minutes and thirty seconds"),
        ("9 a.m.-5 p.m. daily", "nine A M to five P M daily"),
        ("12:00 noon", "twelve o'clock noon"),
        ("a 3:1 ratio", "a three to one ratio"),
    ]);
}

#[test]
fn money() {
    check(&[
        ("$5", "five dollars"),
        ("$1", "one dollar"),
        ("$3.50", "three dollars and fifty cents"),
        ("$0.99", "ninety nine cents"),
        ("$1.01", "one dollar and one cent"),
        ("$3.5M", "three point five million dollars"),
        ("$3.5 million", "three point five million dollars"),
        ("£5bn", "five billion pounds"),
        ("£2.50", "two pounds and fifty pence"),
        ("€1,000", "one thousand euros"),
        ("€1.2 billion", "one point two billion euros"),
        ("¥500", "five hundred yen"),
        ("₹20", "twenty rupees"),
        ("50¢", "fifty cents"),
        ("20 USD", "twenty dollars"),
        ("20€", "twenty euros"),
        ("US$10", "ten U S dollars"),
        ("CHF 20", "twenty francs"),
        ("$5-10", "five to ten dollars"),
        ("-$5", "minus five dollars"),
        ("$10 more", "ten dollars more"),
    ]);
}

#[test]
fn measures() {
    check(&[
        ("5%", "five percent"),
        ("0.5 %", "zero point five percent"),
        ("10-15%", "ten to fifteen percent"),
        ("5 km/h", "five kilometers per hour"),
        ("20 °C", "twenty degrees celsius"),
        ("-5°C", "minus five degrees celsius"),
        ("3 GB", "three gigabytes"),
        ("1 kg", "one kilogram"),
        ("60mph", "sixty miles per hour"),
        ("6 ft 2", "six feet two"),
        ("100 m²", "one hundred square meters"),
        ("a 5-km run", "a five kilometer run"),
        ("5 minutes", "five minutes"),
        ("3.5 GHz", "three point five gigahertz"),
        ("45°", "forty five degrees"),
        ("5 m away", "five meters away"),
        ("10ms", "ten milliseconds"),
        ("5'10\" tall", "five foot ten tall"),
        ("6ft. 2in., she said", "six feet two inches , she said"),
        ("3 1/2 lbs. of apples", "three and a half pounds of apples"),
        ("at $1.99/lb.", "at one dollar and ninety nine cents per pound ."),
        ("It weighs 5 kg. Then", "it weighs five kilograms . then"),
        ("221B Baker Street", "two twenty one B baker street"),
    ]);
}

#[test]
fn phone_numbers() {
    check(&[
        ("555-1234", "five five five , one two three four"),
        ("(800) 555-1234", "eight hundred , five five five , one two three four"),
        ("+1-800-555-1234", "plus one , eight hundred , five five five , one two three four"),
        ("415-555-2671", "four one five , five five five , two six seven one"),
        ("020 7946 0958", "zero two zero , seven nine four six , zero nine five eight"),
    ]);
}

#[test]
fn ranges() {
    check(&[
        ("10-20", "ten to twenty"),
        ("pages 3–5", "pages three to five"),
        ("1914–1918", "nineteen fourteen to nineteen eighteen"),
        ("1999-2004", "nineteen ninety nine to two thousand four"),
        ("won 5-4", "won five to four"),
        ("works 9-5.", "works nine to five ."),
    ]);
}

#[test]
fn roman_numerals() {
    check(&[
        ("Henry VIII", "henry the eighth"),
        ("World War II", "world war two"),
        ("Chapter IV", "chapter four"),
        ("Elizabeth I", "elizabeth the first"),
        ("Act I", "act one"),
        ("Rocky III", "rocky three"),
        ("Pope John Paul II", "pope john paul the second"),
        ("I came", "i came"),
        ("Then I came", "then i came"),
        ("Malcolm X", "malcolm X"),
        ("a CD", "a C D"),
    ]);
}

#[test]
fn abbreviations() {
    check(&[
        ("Dr. Smith", "doctor smith"),
        ("He lives on Elm Dr. now", "he lives on elm drive now"),
        ("St. John", "saint john"),
        ("on Main St.", "on main street ."),
        ("on Main St. The end", "on main street . the end"),
        ("Visit St. Louis", "visit saint louis"),
        ("Dr. St. John", "doctor saint john"),
        ("Mr. and Mrs. Jones", "mister and missus jones"),
        ("Mr Brown", "mister brown"),
        ("cats, dogs, etc.", "cats , dogs , et cetera ."),
        ("etc. and so on", "et cetera and so on"),
        ("e.g. this", "for example this"),
        ("i.e. that", "that is that"),
        ("No. 5", "number five"),
        ("No. He did", "no . he did"),
        ("J. K. Rowling", "J K rowling"),
        ("George W. Bush", "george W bush"),
        ("the U.S. economy", "the U S economy"),
        ("in the U.S. The", "in the U S . the"),
        ("a Ph.D. student", "a P H D student"),
        ("Apple Inc. said", "apple incorporated said"),
        ("Batman vs. Superman", "batman versus superman"),
        ("Martin Luther King Jr. spoke", "martin luther king junior spoke"),
        ("It was I. He knew", "it was i . he knew"),
        ("Gen. Lee", "general lee"),
    ]);
}

#[test]
fn acronyms() {
    check(&[
        ("NASA and the FBI", "nasa and the F B I"),
        ("the UK", "the U K"),
        ("the US and it", "the U S and it"),
        ("two TVs", "two T V's"),
        ("NASA's rocket", "nasa's rocket"),
        ("the BBC's news", "the B B C's news"),
        ("a PhD", "a P H D"),
        ("HELLO WORLD", "hello world"),
        ("STOP IT NOW", "stop it now"),
        ("an MP3 file", "an M P three file"),
        ("HTML and XML", "H T M L and X M L"),
        ("UNESCO", "unesco"),
    ]);
}

#[test]
fn web() {
    check(&[
        ("example.com", "example dot com"),
        ("Visit https://www.example.com/news.", "visit W W W dot example dot com slash news ."),
        ("me@example.org", "me at example dot org"),
        ("john.smith@mail.co.uk", "john dot smith at mail dot C O dot U K"),
        ("open report.pdf", "open report dot P D F"),
        ("main.rs", "main dot R S"),
        ("end.Next", "end . next"),
        ("github.com/rust-lang", "github dot com slash rust dash lang"),
    ]);
}

#[test]
fn versions() {
    check(&[
        ("v2.0.1", "version two point zero point one"),
        ("version 1.2.3", "version one point two point three"),
        ("192.168.0.1", "one hundred ninety two dot one hundred sixty eight dot zero dot one"),
        ("v2", "version two"),
    ]);
}

#[test]
fn signs() {
    check(&[
        ("2 + 2 = 4", "two plus two equals four"),
        ("salt & pepper", "salt and pepper"),
        ("3 × 4", "three times four"),
        ("3 * 4", "three times four"),
        ("5 - 3", "five minus three"),
        ("x ≤ 5", "X is less than or equal to five"),
        ("π", "pi"),
        ("and/or", "and slash or"),
        ("~50", "about fifty"),
        ("x²", "X squared"),
        ("#1", "number one"),
        ("#covid19", "hashtag covid nineteen"),
        ("#ThisAndThat", "hashtag this and that"),
        ("@some_body", "at some body"),
    ]);
}

#[test]
fn words_and_pauses() {
    check(&[
        ("Don't stop", "don't stop"),
        ("“It’s fine,” she said.", "it's fine , she said ."),
        ("a well-known fact", "a well known fact"),
        ("one - two", "one , two"),
        ("one — two", "one , two"),
        ("one--two", "one , two"),
        ("wait... what", "wait ; what"),
        ("wait… What", "wait . what"),
        ("this (or that) too", "this , or that , too"),
        ("'twas the dogs' bone", "'twas the dogs bone"),
        ("rock 'n' roll", "rock 'n roll"),
        ("*very* good", "very good"),
        ("OpenStreetMap on iOS", "open street map on I O S"),
        ("my iPhone", "my iphone"),
        ("Ｆｕｌｌ ｗｉｄｔｈ", "full width"),
        ("café", "cafe"),
        ("Title\n\nText", "title . text"),
        ("line\nbreak", "line break"),
        ("plan B", "plan B"),
        ("A cat", "a cat"),
        ("grade A", "grade A"),
    ]);
}
