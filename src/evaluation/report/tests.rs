use super::*;
use crate::evaluation::f0::F0Error;

fn utterance(id: &str, similarity: f64, compared: bool) -> Utterance {
    let f0 = F0Error {
        rmse_hz: Some(12.0),
        rmse_cents: Some(180.4),
        correlation: Some(0.71),
        gross_share: Some(0.05),
        voicing_error: 0.125,
        voiced_pairs: 80,
    };
    Utterance {
        id: id.to_owned(),
        text: compared.then(|| "hello".to_owned()),
        duration_s: 2.5,
        speaker_similarity: Some(similarity),
        phonemes: compared.then_some(EditCounts {
            substitutions: 1,
            insertions: 1,
            deletions: 0,
            reference_length: 20,
        }),
        comparison: compared.then_some(Comparison { mcd_db: Some(6.25), f0: Some(f0) }),
        timing: Some(RealTimeFactor { audio_s: 2.5, wall_s: 0.25, cpu_s: None }),
        signal: Some(SignalMeasures {
            loudness_lufs: Some(-16.04),
            true_peak_dbtp: Some(-1.5),
            peak_dbfs: Some(-1.6),
            dc_offset: -0.00001,
            clipped_share: 0.0,
            silence_share: 0.2,
            snr_db: None,
        }),
    }
}

fn report() -> EvaluationReport {
    let skipped = Skipped { id: "broken.wav".to_owned(), reason: "no audio in it".to_owned() };
    let utterances = vec![utterance("one", 0.8, true), utterance("a/very/long/folder/name/of/two.wav", 0.6, false)];
    EvaluationReport::new("anna", "held-out", utterances, vec![skipped])
}

#[test]
fn means_are_over_the_utterances_that_have_a_figure() {
    let report = report();
    let similarity = report.statistic(Measure::SpeakerSimilarity).unwrap();
    assert!((similarity.mean - 0.7).abs() < 1e-12);
    assert!((similarity.deviation.unwrap() - 0.02f64.sqrt()).abs() < 1e-12);
    assert_eq!(report.statistic(Measure::McdDb), Some(Statistic { mean: 6.25, deviation: None, count: 1 }));
    assert_eq!(report.statistic(Measure::SnrDb), None);
    assert_eq!(report.statistic(Measure::CpuFactor), None);
    assert_eq!(report.phonemes.and_then(|counts| counts.rate()), Some(0.1));
}

#[test]
fn json_reads_back_and_names_its_measures() {
    let report = report();
    let json = serde_json::to_string_pretty(&report).unwrap();
    assert_eq!(serde_json::from_str::<EvaluationReport>(&json).unwrap(), report);
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(value["schema"], 1);
    assert_eq!(value["summary"]["mcd_db"]["mean"], 6.25);
    assert_eq!(value["utterances"][1]["comparison"], serde_json::Value::Null);
}

#[test]
fn the_table_lines_up() {
    let expected = "\
Voice anna on held-out: 2 utterances, 5.00 s

utterance                     seconds  similarity   PER %  MCD dB  F0 cents  V/UV %     RTF    LUFS  silence %
one                              2.50       0.800    10.0    6.25       180    12.5   0.100   -16.0         20
a/very/long/fo…me/of/two.wav     2.50       0.600       -       -         -       -   0.100   -16.0         20

measure           mean  deviation  utterances
similarity       0.700      0.141           2
PER %             10.0          -           1
MCD dB            6.25          -           1
F0 cents           180          -           1
F0 Hz             12.0          -           1
F0 corr           0.71          -           1
V/UV %            12.5          -           1
RTF              0.100      0.000           2
LUFS             -16.0        0.0           2
dBTP              -1.5        0.0           2
silence %           20          0           2
clipped %         0.00       0.00           2
DC              0.0000     0.0000           2

Phonemes: 1 substituted, 1 inserted, 0 deleted of 20: 10.0 % errors

Left out: 1
  broken.wav: no audio in it
";
    assert_eq!(report().to_string(), expected);
}

#[test]
fn an_empty_report_is_still_a_report() {
    let report = EvaluationReport::new("anna", "empty", Vec::new(), Vec::new());
    assert_eq!(report.to_string(), "Voice anna on empty: 0 utterances, 0.00 s\n");
    assert!(report.summary.is_empty() && report.phonemes.is_none());
}
