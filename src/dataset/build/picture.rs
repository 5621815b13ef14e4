//! What a recording looks like before and after cleaning, as a PNG.

use std::io;

use crate::clean::{analysis::Analysis, spectrogram::ROWS};

/// Pixels a row of a spectrogram.
const ROW: usize = 2;
/// Height of the band that shows levels.
const LEVELS: usize = 60;
const GAP: usize = 6;
/// The colours' range, in dB below full scale.
const FAINTEST_DB: f32 = -110.0;
const LOUDEST_DB: f32 = -25.0;
/// The levels' range.
const LOWEST_DB: f32 = -80.0;
/// The first entry of the palette is the page, the second and third draw levels.
const PAGE: u8 = 0;
const BEFORE: u8 = 1;
const AFTER: u8 = 2;
const FIRST_COLOUR: u8 = 3;

/// Levels (before in grey, after in blue), the spectrogram before, and the one after; one column for each of theirs.
///
/// # Errors
/// None but the encoder's own.
pub(super) fn draw(analysis: &Analysis) -> io::Result<Vec<u8>> {
    let [before, after] = &analysis.pictures;
    let width = before.len().max(after.len()).max(1);
    let height = LEVELS + 2 * (GAP + ROW * ROWS);
    let mut canvas = Canvas { pixels: vec![PAGE; width * height], width };
    let end = analysis.source.duration;
    let (start, trace) = (crate::units::Seconds(0.0), &analysis.trace);
    canvas.levels(&trace.before(start, end).collect::<Vec<_>>(), BEFORE);
    canvas.levels(&trace.after(start, end).collect::<Vec<_>>(), AFTER);
    canvas.spectrogram(before, LEVELS + GAP);
    canvas.spectrogram(after, LEVELS + 2 * GAP + ROW * ROWS);
    canvas.encode(height)
}

struct Canvas {
    pixels: Vec<u8>,
    width: usize,
}

impl Canvas {
    /// Fills each column up to the highest level of its time.
    fn levels(&mut self, levels: &[f32], colour: u8) {
        for column in 0..self.width {
            let part = &levels[levels.len() * column / self.width..levels.len() * (column + 1) / self.width];
            let highest = part.iter().copied().fold(LOWEST_DB, f32::max).min(0.0);
            let filled = ((highest - LOWEST_DB) / -LOWEST_DB * LEVELS as f32) as usize;
            (LEVELS - filled..LEVELS).for_each(|row| self.pixels[row * self.width + column] = colour);
        }
    }

    fn spectrogram(&mut self, columns: &[[f32; ROWS]], top: usize) {
        let colours = f32::from(u8::MAX - FIRST_COLOUR);
        for (x, column) in columns.iter().enumerate() {
            for (row, level) in column.iter().rev().enumerate() {
                let share = ((level - FAINTEST_DB) / (LOUDEST_DB - FAINTEST_DB)).clamp(0.0, 1.0);
                let colour = FIRST_COLOUR + (share * colours) as u8;
                (0..ROW).for_each(|line| self.pixels[(top + row * ROW + line) * self.width + x] = colour);
            }
        }
    }

    fn encode(&self, height: usize) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, self.width as u32, height as u32);
        encoder.set_color(png::ColorType::Indexed);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_palette(palette());
        let mut writer = encoder.write_header().map_err(io::Error::other)?;
        writer.write_image_data(&self.pixels).map_err(io::Error::other)?;
        writer.finish().map_err(io::Error::other)?;
        Ok(bytes)
    }
}

/// White, grey, blue; then from black over purple and orange to light yellow.
fn palette() -> Vec<u8> {
    const POINTS: [[f32; 3]; 5] =
        [[0.0, 0.0, 4.0], [87.0, 16.0, 110.0], [188.0, 55.0, 84.0], [249.0, 142.0, 9.0], [252.0, 255.0, 164.0]];
    let mut palette = vec![255, 255, 255, 190, 190, 190, 40, 90, 160];
    let colours = usize::from(u8::MAX - FIRST_COLOUR) + 1;
    for colour in 0..colours {
        let position = colour as f32 / (colours - 1) as f32 * (POINTS.len() - 1) as f32;
        let left = (position as usize).min(POINTS.len() - 2);
        let share = position - left as f32;
        palette.extend(
            (0..3).map(|channel| {
                (POINTS[left][channel] * (1.0 - share) + POINTS[left + 1][channel] * share).round() as u8
            }),
        );
    }
    palette
}
