//! The report as a page for a browser: `metadata/report.html`, which needs no network.

use std::{fmt::Write as _, io::Write};

use super::{
    Status,
    report::{Line, Report},
};
use crate::{
    dataset::{layout::Layout, manifest::Manifest},
    error::FileError,
    files,
    units::Seconds,
};

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;margin:2em auto;max-width:60em;padding:0 1em;color:#222}\
h1{font-size:1.5em}h2{font-size:1.1em;margin:2em 0 .3em}table{border-collapse:collapse;width:100%}\
th,td{text-align:left;padding:.2em .6em;border-bottom:1px solid #ddd}td.n,th.n{text-align:right}\
img{width:100%;image-rendering:auto;border:1px solid #ddd}.w{color:#a33}.s{color:#666}";

/// Writes the page. Manifests are read one by one: there may be ten thousand.
pub(super) fn write(layout: &Layout, report: &Report) -> Result<(), FileError> {
    files::fill_atomically(&layout.page(), |file| {
        let mut out = std::io::BufWriter::new(file);
        write!(out, "<!DOCTYPE html><html lang=\"en\"><meta charset=\"utf-8\"><title>Recordings</title>")?;
        write!(out, "<style>{STYLE}</style><h1>Recordings</h1><p>{}</p>", summary(report))?;
        write!(out, "<table><tr><th>Recording<th class=n>Length<th class=n>Speech<th class=n>Score<th>Notes</tr>")?;
        for line in &report.recordings {
            write!(out, "{}", row(line))?;
        }
        write!(out, "</table>")?;
        for (title, list) in aside(report) {
            if !list.is_empty() {
                write!(out, "<h2>{title}</h2><table>{list}</table>")?;
            }
        }
        for line in report.recordings.iter().filter(|line| line.id.is_some()) {
            write!(out, "{}", section(layout, line))?;
        }
        writeln!(out)?;
        out.flush()
    })
}

fn summary(report: &Report) -> String {
    let totals = &report.totals;
    format!(
        "{} files: {} processed now, {} before, {} of the same content as another, {} set aside. {} of speech in {}; \
         {} utterances, {} in all. Scores are from 1 (bad) to 5 (excellent), before cleaning.",
        totals.found,
        totals.processed,
        totals.unchanged,
        totals.duplicates,
        totals.set_aside,
        Seconds(totals.speech_s),
        Seconds(totals.duration_s),
        totals.segments,
        Seconds(totals.segments_s),
    )
}

fn row(line: &Line) -> String {
    let name = escaped(&line.path.display().to_string());
    let name = line.id.as_ref().map_or(name.clone(), |id| format!("<a href=\"#{}\">{name}</a>", escaped(id)));
    let notes: Vec<&str> = line.reason.iter().chain(&line.warnings).map(String::as_str).collect();
    format!(
        "<tr><td>{name}<td class=n>{}<td class=n>{:.0} %<td class=n>{:.1}<td class=w>{}</tr>",
        Seconds(line.duration_s),
        100.0 * line.speech_share,
        line.score,
        escaped(&notes.join("; ")),
    )
}

/// Tables of what was not used.
fn aside(report: &Report) -> [(&'static str, String); 2] {
    let line = |left: String, right: String| format!("<tr><td>{}<td>{}</tr>", escaped(&left), escaped(&right));
    let set_aside = report.set_aside.iter().map(|aside| line(aside.path.display().to_string(), aside.reason.clone()));
    let same = |of: &std::path::Path| format!("the same as {}", of.display());
    let twice = report.duplicates.iter().map(|one| line(one.path.display().to_string(), same(&one.of)));
    [("Set aside", set_aside.collect()), ("Of the same content", twice.collect())]
}

/// All about one recording; what can't be read any more is left out.
fn section(layout: &Layout, line: &Line) -> String {
    let Some(id) = &line.id else { return String::new() };
    let Ok(manifest) = Manifest::read(&layout.manifest(id)) else { return String::new() };
    let mut text = format!("<h2 id=\"{0}\">{0}</h2><p class=s>{1}</p>", escaped(id), escaped(&description(&manifest)));
    if let Some(picture) = &manifest.picture {
        let inside = picture.strip_prefix("metadata/").unwrap_or(picture);
        let _ = write!(
            text,
            "<img loading=lazy src=\"{}\" alt=\"Levels; spectrograms before and after cleaning\">\
             <p class=s>Levels before (grey) and after (blue); spectrogram before; spectrogram after.</p>",
            escaped(&addressed(inside))
        );
    }
    if line.status != Status::SetAside {
        text += "<table><tr><th>Utterance<th class=n>From<th class=n>To<th class=n>Score<th class=n>SNR<th>Text</tr>";
        for segment in &manifest.segments {
            let snr = segment.quality.snr_db.map_or(String::new(), |snr| format!("{snr:.0} dB"));
            let _ = write!(
                text,
                "<tr><td>{}<td class=n>{:.2}<td class=n>{:.2}<td class=n>{:.1}<td class=n>{snr}<td>{}</tr>",
                escaped(segment.path.rsplit('/').next().unwrap_or_default()),
                segment.start_s,
                segment.end_s,
                segment.quality.score,
                escaped(segment.text.as_deref().unwrap_or_default()),
            );
        }
        text += "</table>";
    }
    text
}

fn description(manifest: &Manifest) -> String {
    let (source, quality) = (&manifest.source, &manifest.signal.quality);
    let mut parts = vec![format!(
        "{} {}, {} Hz, {} channels",
        source.container, source.codec, source.sample_rate_hz, source.channels
    )];
    let mut add = |name: &str, value: Option<String>| parts.extend(value.map(|value| format!("{name} {value}")));
    add("title", source.tags.title.clone());
    add("artist", source.tags.artist.clone());
    add("date", source.tags.date.clone());
    add("SNR", quality.snr_db.map(|snr| format!("{snr:.0} dB")));
    add("bandwidth", Some(format!("{:.1} kHz", quality.bandwidth_hz / 1_000.0)));
    add("decay", quality.decay_s.map(|decay| format!("{decay:.1} s")));
    add("loudness", manifest.signal.loudness_lufs.map(|lufs| format!("{lufs:.1} LUFS")));
    add("clipped", Some(format!("{:.2} %", 100.0 * quality.clipped_share)).filter(|_| quality.clipped_share > 0.0));
    add("hum", manifest.signal.hum.map(|hum| format!("{:.0} Hz, {:.0} dBFS", hum.mains_hz, hum.dbfs)));
    add("score", Some(format!("{:.1}", quality.score)));
    parts.join(" · ")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A path as an address: what has a meaning there is written as a code.
fn addressed(path: &str) -> String {
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte);
    path.bytes().map(|byte| if safe(byte) { (byte as char).to_string() } else { format!("%{byte:02X}") }).collect()
}
