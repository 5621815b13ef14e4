//! The heteronyms, sorted: the usual form, and when the other is said.

use super::Role::{self, Noun, Participle, Verb};

/// A word with two pronunciations, in ARPAbet.
#[derive(Debug, Clone, Copy)]
pub struct Heteronym {
    /// The word, in lower case.
    pub word: &'static str,
    /// How it is said unless one of the conditions holds.
    pub usual: &'static str,
    /// How it is said then.
    pub other: &'static str,
    /// The other form is said in these roles,
    pub roles: &'static [Role],
    /// or after these words,
    pub after: &'static [&'static str],
    /// or before these.
    pub before: &'static [&'static str],
}

/// A word whose other form goes with a role alone.
const fn by_role(word: &'static str, usual: &'static str, other: &'static str, roles: &'static [Role]) -> Heteronym {
    Heteronym { word, usual, other, roles, after: &[], before: &[] }
}

/// Words that call for the other form wherever they stand around, unless a verb's plain form is asked for.
pub const NEAR: [(&str, &[&str]); 5] = [
    ("bass", &["fishing", "lake", "caught", "fillet"]),
    ("bow", &["arrow", "arrows", "hair", "ribbon", "violin", "archer", "tied", "string"]),
    ("lead", &["pipes", "poisoning", "zinc", "toxic", "molten"]),
    ("read", &["yesterday", "ago"]),
    ("tear", &["cheek", "eye", "eyes", "wept"]),
];

/// All of them.
#[rustfmt::skip]
pub const TABLE: [Heteronym; 82] = [
    by_role("abstract", "AE1 B S T R AE2 K T", "AE0 B S T R AE1 K T", &[Verb]),
    by_role("abuse", "AH0 B Y UW1 Z", "AH0 B Y UW1 S", &[Noun]),
    by_role("addict", "AE1 D IH2 K T", "AH0 D IH1 K T", &[Verb]),
    by_role("advocate", "AE1 D V AH0 K AH0 T", "AE1 D V AH0 K EY2 T", &[Verb]),
    by_role("alternate", "AO1 L T ER0 N AH0 T", "AO1 L T ER0 N EY2 T", &[Verb]),
    by_role("articulate", "AA0 R T IH1 K Y AH0 L AH0 T", "AA0 R T IH1 K Y AH0 L EY2 T", &[Verb]),
    by_role("associate", "AH0 S OW1 S IY0 AH0 T", "AH0 S OW1 S IY0 EY2 T", &[Verb]),
    Heteronym {
        word: "bass", usual: "B EY1 S", other: "B AE1 S", roles: &[],
        after: &["sea", "striped", "largemouth"],
        before: &["fishing", "boat", "pro"],
    },
    Heteronym {
        word: "bow", usual: "B AW1", other: "B OW1", roles: &[],
        after: &["long", "cross", "violin", "fiddle"],
        before: &["tie", "ties", "and", "string"],
    },
    Heteronym {
        word: "close", usual: "K L OW1 Z", other: "K L OW1 S", roles: &[Participle],
        after: &["so", "very", "too", "as", "how", "came", "come", "coming", "get", "got", "getting", "stay", "stayed", "stood", "drew", "a", "quite", "sat", "kept", "keep"],
        before: &["by", "friend", "friends", "enough", "contact", "range", "together", "proximity", "attention", "look", "relationship", "behind", "beside", "quarters"],
    },
    by_role("combat", "K AA1 M B AE0 T", "K AH0 M B AE1 T", &[Verb]),
    by_role("compact", "K AA1 M P AE0 K T", "K AH0 M P AE1 K T", &[Verb]),
    by_role("compound", "K AA1 M P AW0 N D", "K AH0 M P AW1 N D", &[Verb]),
    by_role("conduct", "K AA1 N D AH0 K T", "K AH0 N D AH1 K T", &[Verb]),
    by_role("conflict", "K AA1 N F L IH0 K T", "K AH0 N F L IH1 K T", &[Verb]),
    by_role("console", "K AA1 N S OW0 L", "K AH0 N S OW1 L", &[Verb]),
    Heteronym {
        word: "content", usual: "K AA1 N T EH0 N T", other: "K AH0 N T EH1 N T", roles: &[Participle],
        after: &["quite", "perfectly", "not", "well", "felt", "seemed", "more"],
        before: &["to", "with"],
    },
    by_role("contest", "K AA1 N T EH0 S T", "K AH0 N T EH1 S T", &[Verb]),
    by_role("contract", "K AA1 N T R AE2 K T", "K AH0 N T R AE1 K T", &[Verb]),
    by_role("contrast", "K AA1 N T R AE0 S T", "K AH0 N T R AE1 S T", &[Verb]),
    by_role("convert", "K AA1 N V ER0 T", "K AH0 N V ER1 T", &[Verb]),
    by_role("convict", "K AA1 N V IH0 K T", "K AH0 N V IH1 K T", &[Verb]),
    by_role("decrease", "D IY1 K R IY2 S", "D IH0 K R IY1 S", &[Verb]),
    by_role("defect", "D IY1 F EH0 K T", "D IH0 F EH1 K T", &[Verb]),
    by_role("delegate", "D EH1 L AH0 G AH0 T", "D EH1 L AH0 G EY2 T", &[Verb]),
    by_role("deliberate", "D IH0 L IH1 B ER0 AH0 T", "D IH0 L IH1 B ER0 EY2 T", &[Verb]),
    by_role("desert", "D EH1 Z ER0 T", "D IH0 Z ER1 T", &[Verb]),
    by_role("digest", "D AY1 JH EH0 S T", "D AY0 JH EH1 S T", &[Verb]),
    by_role("discount", "D IH1 S K AW0 N T", "D IH0 S K AW1 N T", &[Verb]),
    Heteronym {
        word: "dove", usual: "D AH1 V", other: "D OW1 V", roles: &[Verb],
        after: &[],
        before: &["into", "in", "down", "under", "off", "headfirst", "deep"],
    },
    by_role("duplicate", "D UW1 P L AH0 K AH0 T", "D UW1 P L AH0 K EY2 T", &[Verb]),
    by_role("elaborate", "IH0 L AE1 B R AH0 T", "IH0 L AE1 B ER0 EY2 T", &[Verb]),
    by_role("escort", "EH1 S K AO0 R T", "EH0 S K AO1 R T", &[Verb]),
    by_role("estimate", "EH1 S T AH0 M AH0 T", "EH1 S T AH0 M EY2 T", &[Verb]),
    by_role("excuse", "IH0 K S K Y UW1 Z", "IH0 K S K Y UW1 S", &[Noun]),
    by_role("export", "EH1 K S P AO0 R T", "IH0 K S P AO1 R T", &[Verb]),
    by_role("extract", "EH1 K S T R AE2 K T", "IH0 K S T R AE1 K T", &[Verb]),
    by_role("graduate", "G R AE1 JH AH0 W AH0 T", "G R AE1 JH AH0 W EY2 T", &[Verb]),
    Heteronym {
        word: "house", usual: "HH AW1 S", other: "HH AW1 Z", roles: &[],
        after: &["to", "will", "would", "can", "could"],
        before: &[],
    },
    by_role("import", "IH1 M P AO2 R T", "IH2 M P AO1 R T", &[Verb]),
    by_role("increase", "IH1 N K R IY2 S", "IH2 N K R IY1 S", &[Verb]),
    by_role("insult", "IH1 N S AH2 L T", "IH2 N S AH1 L T", &[Verb]),
    by_role("intimate", "IH1 N T AH0 M AH0 T", "IH1 N T AH0 M EY2 T", &[Verb]),
    Heteronym {
        word: "invalid", usual: "IH0 N V AE1 L AH0 D", other: "IH1 N V AH0 L AH0 D", roles: &[],
        after: &["old", "poor"],
        before: &["lay", "chair", "carriage", "wife", "mother", "father", "husband", "son", "daughter", "brother", "sister", "aunt"],
    },
    Heteronym {
        word: "lead", usual: "L IY1 D", other: "L EH1 D", roles: &[],
        after: &["molten", "melted", "of"],
        before: &["pipe", "pipes", "paint", "poisoning", "pencil", "pencils", "bullet", "bullets", "weight", "weights", "roof", "ore", "mine", "mines"],
    },
    Heteronym {
        word: "live", usual: "L IH1 V", other: "L AY1 V", roles: &[],
        after: &["a", "the", "is", "are", "was", "were", "be", "go", "goes", "going", "went", "broadcast"],
        before: &["music", "show", "shows", "broadcast", "performance", "audience", "concert", "coverage", "tv", "television", "stream", "album", "ammunition", "wire", "wires", "oak", "oaks", "animals", "coals"],
    },
    Heteronym {
        word: "lives", usual: "L IH1 V Z", other: "L AY1 V Z", roles: &[Noun],
        after: &["human", "lost", "saved", "save", "private", "both", "two", "three", "nine", "several"],
        before: &[],
    },
    Heteronym {
        word: "minute", usual: "M IH1 N AH0 T", other: "M AY0 N UW1 T", roles: &[],
        after: &["very", "so", "most", "extremely"],
        before: &["detail", "details", "quantities", "quantity", "amount", "amounts", "particles", "particle", "fraction", "traces", "difference", "differences", "examination", "inspection"],
    },
    by_role("moderate", "M AA1 D ER0 AH0 T", "M AA1 D ER0 EY2 T", &[Verb]),
    by_role("object", "AA1 B JH EH0 K T", "AH0 B JH EH1 K T", &[Verb]),
    by_role("perfect", "P ER1 F IH2 K T", "P ER0 F EH1 K T", &[Verb]),
    by_role("permit", "P ER1 M IH2 T", "P ER0 M IH1 T", &[Verb]),
    by_role("present", "P R EH1 Z AH0 N T", "P R IY0 Z EH1 N T", &[Verb]),
    Heteronym {
        word: "produce", usual: "P R AH0 D UW1 S", other: "P R OW1 D UW0 S", roles: &[Noun],
        after: &["fresh", "local", "organic", "farm"],
        before: &["aisle", "section"],
    },
    by_role("progress", "P R AA1 G R EH2 S", "P R AH0 G R EH1 S", &[Verb]),
    by_role("project", "P R AA1 JH EH0 K T", "P R AH0 JH EH1 K T", &[Verb]),
    by_role("protest", "P R OW1 T EH2 S T", "P R AH0 T EH1 S T", &[Verb]),
    Heteronym {
        word: "read", usual: "R IY1 D", other: "R EH1 D", roles: &[Participle],
        after: &["he", "she", "it"],
        before: &[],
    },
    by_role("rebel", "R EH1 B AH0 L", "R IH0 B EH1 L", &[Verb]),
    by_role("record", "R EH1 K ER0 D", "R AH0 K AO1 R D", &[Verb]),
    by_role("refund", "R IY1 F AH2 N D", "R IH0 F AH1 N D", &[Verb]),
    by_role("refuse", "R AH0 F Y UW1 Z", "R EH1 F Y UW2 Z", &[Noun]),
    by_role("reject", "R IY1 JH EH0 K T", "R IH0 JH EH1 K T", &[Verb]),
    by_role("resume", "R IH0 Z UW1 M", "R EH1 Z AH0 M EY2", &[Noun]),
    Heteronym {
        word: "row", usual: "R OW1", other: "R AW1", roles: &[],
        after: &["blazing", "terrible"],
        before: &[],
    },
    by_role("segment", "S EH1 G M AH0 N T", "S EH0 G M EH1 N T", &[Verb]),
    by_role("separate", "S EH1 P ER0 AH0 T", "S EH1 P ER0 EY2 T", &[Verb]),
    Heteronym {
        word: "sow", usual: "S OW1", other: "S AW1", roles: &[Noun],
        after: &["fat"],
        before: &[],
    },
    by_role("subject", "S AH1 B JH IH0 K T", "S AH0 B JH EH1 K T", &[Verb]),
    by_role("survey", "S ER1 V EY2", "S ER0 V EY1", &[Verb]),
    by_role("suspect", "S AH1 S P EH2 K T", "S AH0 S P EH1 K T", &[Verb]),
    Heteronym {
        word: "tear", usual: "T EH1 R", other: "T IH1 R", roles: &[Noun],
        after: &["single", "one"],
        before: &["gas", "drop", "drops", "duct", "ducts"],
    },
    Heteronym {
        word: "tears", usual: "T IH1 R Z", other: "T EH1 R Z", roles: &[],
        after: &["he", "she", "it", "who"],
        before: &["apart", "up", "off", "through"],
    },
    by_role("torment", "T AO1 R M EH2 N T", "T AO0 R M EH1 N T", &[Verb]),
    by_role("transfer", "T R AE1 N S F ER0", "T R AE0 N S F ER1", &[Verb]),
    by_role("transport", "T R AE1 N S P AO0 R T", "T R AE0 N S P AO1 R T", &[Verb]),
    Heteronym {
        word: "use", usual: "Y UW1 Z", other: "Y UW1 S", roles: &[Noun],
        after: &["much", "make", "made", "little", "personal", "public", "private", "daily", "common", "better", "best", "full", "further", "future", "only"],
        before: &["of"],
    },
    Heteronym {
        word: "used", usual: "Y UW1 Z D", other: "Y UW1 S T", roles: &[],
        after: &[],
        before: &["to"],
    },
    by_role("uses", "Y UW1 Z IH0 Z", "Y UW1 S IH0 Z", &[Noun]),
    Heteronym {
        word: "wind", usual: "W IH1 N D", other: "W AY1 N D", roles: &[Verb],
        after: &[],
        before: &["up"],
    },
    Heteronym {
        word: "winds", usual: "W IH1 N D Z", other: "W AY1 N D Z", roles: &[],
        after: &["road", "path", "river", "it", "he", "she", "stream"],
        before: &["up", "through", "around", "along"],
    },
    Heteronym {
        word: "wound", usual: "W UW1 N D", other: "W AW1 N D", roles: &[],
        after: &["he", "she", "they", "it", "path", "road", "we"],
        before: &["up", "around", "round", "through", "its", "about", "along", "down"],
    },
];
