//! Conversations with exact labels, mixed from recordings of single speakers: turns, pauses, interruptions,
//! back-channels, each voice at its own distance, one noise and one line around all.

mod spoken;
mod talk;

use spoken::JOINED_S;
pub use spoken::Spoken;

use std::ops::Range;

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use tch::{Device, Kind, Tensor};

use super::{
    Backgrounds, Response, Room, background, bursts, bustle, channel::evened, convolve, filter, level, mu_law,
};
use crate::nn::shared::Shared;
use crate::units::SampleRate;

const RATE: f64 = SampleRate::ANALYSIS.0 as f64;

/// How people talk to each other, and where.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConversationConfig {
    /// Turns that begin before the one before has ended, as a share.
    pub interruption: f64,
    /// How long both then speak at once, in seconds.
    pub overlap_s: (f64, f64),
    /// Turns in which somebody else says a word, as a share.
    pub back_channel: f64,
    /// Turns after which the same speaker goes on, as a share.
    pub goes_on: f64,
    /// Mean of a pause between turns, in seconds; pauses are exponentially distributed.
    pub pause_s: f64,
    /// Pauses that are long ones, as a share, and how long.
    pub long_pause: f64,
    /// The shortest and the longest of them, in seconds.
    pub long_pause_s: (f64, f64),
    /// A speaker's pauses that are shorter count as speech in the labels, in seconds; those of less than a quarter of a
    /// second always do.
    pub min_pause_s: f64,
    /// Turns, the shortest and the longest, in seconds; their logarithms are evenly distributed.
    pub turn_s: (f64, f64),
    /// Levels of the speakers around their mean, in dB.
    pub level_db: f64,
    /// Levels of a speaker's turns around the speaker's, in dB.
    pub turn_level_db: f64,
    /// Conversations whose voices have the same spectrum on average, as if one microphone had recorded all of them.
    pub even: f64,
    /// Conversations in a room.
    pub room: f64,
    /// How many rooms there are.
    pub rooms: usize,
    /// Rooms in which one microphone is far from everybody, as a share of them.
    pub far: f64,
    /// Conversations with a noise.
    pub noise: f64,
    /// Signal-to-noise ratios, in dB.
    pub snr_db: (f64, f64),
    /// Conversations in which people knock, rustle and shift chairs.
    pub bustle: f64,
    /// Signal-to-noise ratios of that, in dB.
    pub bustle_snr_db: (f64, f64),
    /// Conversations with breath, scraping and rumbling that begin and end as words do.
    pub bursts: f64,
    /// Signal-to-noise ratios of that, in dB.
    pub bursts_snr_db: (f64, f64),
    /// Conversations over an uneven line.
    pub channel: f64,
    /// Conversations over a telephone.
    pub telephone: f64,
}

impl Default for ConversationConfig {
    fn default() -> Self {
        Self {
            interruption: 0.3,
            overlap_s: (0.2, 2.0),
            back_channel: 0.15,
            goes_on: 0.15,
            pause_s: 0.5,
            long_pause: 0.08,
            long_pause_s: (1.5, 5.0),
            min_pause_s: JOINED_S,
            turn_s: (0.7, 12.0),
            level_db: 5.0,
            turn_level_db: 0.0,
            even: 0.0,
            room: 0.7,
            rooms: 60,
            far: 0.0,
            noise: 0.8,
            snr_db: (5.0, 25.0),
            bustle: 0.3,
            bustle_snr_db: (5.0, 25.0),
            bursts: 0.0,
            bursts_snr_db: (0.0, 25.0),
            channel: 0.3,
            telephone: 0.1,
        }
    }
}

impl ConversationConfig {
    /// Whether conversations can be made so.
    ///
    /// # Errors
    /// What is wrong.
    pub fn check(&self) -> Result<(), String> {
        let shares = [
            ("interruption", self.interruption),
            ("back_channel", self.back_channel),
            ("goes_on", self.goes_on),
            ("long_pause", self.long_pause),
            ("even", self.even),
            ("room", self.room),
            ("far", self.far),
            ("noise", self.noise),
            ("bustle", self.bustle),
            ("bursts", self.bursts),
            ("channel", self.channel),
            ("telephone", self.telephone),
        ];
        if let Some((name, share)) = shares.into_iter().find(|(_, share)| !(0.0..=1.0).contains(share)) {
            return Err(format!("{name} is {share}; expected a share from 0 to 1"));
        }
        let ranges = [
            ("overlap_s", self.overlap_s, 0.0..=60.0),
            ("long_pause_s", self.long_pause_s, 0.0..=600.0),
            ("min_pause_s", (self.min_pause_s, self.min_pause_s), JOINED_S..=60.0),
            ("turn_s", self.turn_s, 0.1..=600.0),
            ("snr_db", self.snr_db, -60.0..=120.0),
            ("bustle_snr_db", self.bustle_snr_db, -60.0..=120.0),
            ("bursts_snr_db", self.bursts_snr_db, -60.0..=120.0),
            ("pause_s", (self.pause_s, self.pause_s), 0.0..=60.0),
            ("level_db", (self.level_db, self.level_db), 0.0..=60.0),
            ("turn_level_db", (self.turn_level_db, self.turn_level_db), 0.0..=60.0),
        ];
        for (name, (least, most), allowed) in ranges {
            if !(allowed.contains(&least) && allowed.contains(&most) && least <= most) {
                let (from, to) = allowed.into_inner();
                return Err(format!("{name} is {least} to {most}; expected from {from} to {to}, the least first"));
            }
        }
        if self.rooms > Self::MOST_ROOMS {
            return Err(format!("rooms is {}; expected {} at most", self.rooms, Self::MOST_ROOMS));
        }
        Ok(())
    }

    const MOST_ROOMS: usize = 10_000;
}

/// Who says something from when to when, as samples.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The speaker, by number in the cast.
    pub speaker: usize,
    /// When.
    pub when: Range<i64>,
}

/// What was mixed.
#[derive(Debug)]
pub struct Conversation {
    /// (L) at 16 kHz.
    pub samples: Tensor,
    /// In order of the beginnings; one speaker's never overlap or touch.
    pub said: Vec<Said>,
}

/// Whether a share of cases has come; without a share nothing is drawn.
fn met(share: f64, random: &mut ChaCha8Rng) -> bool {
    share > 0.0 && random.random_bool(share)
}

/// Mixes conversations.
#[derive(Debug, Clone)]
pub struct Mixer {
    config: ConversationConfig,
    /// Impulse responses, several places in each room.
    rooms: Vec<Vec<Shared>>,
}

impl Mixer {
    const PLACES: usize = 5;
    const RT60_S: (f64, f64) = (0.15, 0.7);

    /// Builds the rooms.
    pub fn new(config: ConversationConfig, random: &mut ChaCha8Rng) -> Self {
        use rayon::prelude::*;
        let rooms = if config.room > 0.0 { config.rooms } else { 0 };
        let drawn: Vec<Vec<Room>> = (0..rooms)
            .map(|index| {
                let Room { size_m, rt60_s, .. } = Room::draw(Self::RT60_S, random);
                if (index as f64) < config.far * rooms as f64 {
                    Room::draw_around(size_m, rt60_s, Self::PLACES, random)
                } else {
                    (0..Self::PLACES).map(|_| Room::draw_in(size_m, rt60_s, random)).collect()
                }
            })
            .collect();
        let responses: Vec<Vec<Vec<f32>>> = drawn
            .par_iter()
            .map(|places| places.iter().map(|room| room.impulse_response(SampleRate::ANALYSIS)).collect())
            .collect();
        let tensors =
            |places: &Vec<Vec<f32>>| places.iter().map(|response| Tensor::from_slice(response).into()).collect();
        Self { config, rooms: responses.iter().map(tensors).collect() }
    }

    /// A conversation of `length` samples among a cast.
    pub fn mix(
        &self,
        cast: &[&[Spoken]],
        length: i64,
        backgrounds: &dyn Backgrounds,
        random: &mut ChaCha8Rng,
    ) -> Conversation {
        let config = &self.config;
        let (mut tracks, said) = config.talk(cast, length, random);
        if met(config.even, random) {
            tracks = evened(tracks);
        }
        let room = (!self.rooms.is_empty() && random.random_bool(config.room))
            .then(|| &self.rooms[random.random_range(0..self.rooms.len())]);
        let mut heard = Tensor::zeros([length], (Kind::Float, Device::Cpu));
        for (index, track) in tracks.iter().enumerate() {
            let gain = 10f64.powf(random.random_range(-config.level_db..=config.level_db) / 20.0);
            let track = track * gain;
            heard += match room {
                Some(places) => convolve(&track, &places[index % places.len()]),
                None => track,
            };
        }
        // The level of speech, not of its pauses.
        let spoken: i64 = said.iter().map(|one| one.when.end - one.when.start).sum();
        let loudness = level(&heard) * (length as f64 / spoken.max(1) as f64).sqrt().min(3.0);
        let background = random.random_bool(config.noise).then(|| background(length, backgrounds, random));
        let snr_db = random.random_range(config.snr_db.0..=config.snr_db.1);
        let loudness = if loudness > 1e-6 { loudness } else { 0.05 };
        let mut add = |noise: Tensor, snr_db: f64| {
            let own = level(&noise).max(1e-6);
            heard += noise * (loudness / own * 10f64.powf(-snr_db / 20.0));
        };
        if let Some(background) = background {
            add(background, snr_db);
        }
        if random.random_bool(config.bustle) {
            add(bustle(length, random), random.random_range(config.bustle_snr_db.0..=config.bustle_snr_db.1));
        }
        if met(config.bursts, random) {
            add(bursts(length, random), random.random_range(config.bursts_snr_db.0..=config.bursts_snr_db.1));
        }
        if random.random_bool(config.channel) {
            heard = filter(&heard, &Response::draw(random));
        }
        let telephone = random.random_bool(config.telephone);
        let peak = heard.abs().max().double_value(&[]).max(1e-6);
        heard *= random.random_range(0.05..0.95) / peak;
        if telephone {
            heard = mu_law(&filter(&heard, &Response::TELEPHONE));
        }
        Conversation { samples: heard, said }
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    /// Beeps of 0.5 s, 0.5 s apart.
    fn beeps(hz: f64) -> Spoken {
        let time = Tensor::arange(5 * 16_000, (Kind::Float, Device::Cpu)) / RATE;
        let tone = (&time * hz * std::f64::consts::TAU).sin() * 0.3;
        Spoken::new(tone * time.frac().lt(0.5).to_kind(Kind::Float))
    }

    struct Hush;

    impl Backgrounds for Hush {
        fn sound(&self, _: i64, _: &mut ChaCha8Rng) -> Option<Tensor> {
            None
        }

        fn speech(&self, length: i64, _: &mut ChaCha8Rng) -> Tensor {
            Tensor::zeros([length], (Kind::Float, Device::Cpu))
        }
    }

    fn quiet() -> ConversationConfig {
        ConversationConfig { room: 0.0, noise: 0.0, bustle: 0.0, channel: 0.0, telephone: 0.0, ..Default::default() }
    }

    fn mix(config: ConversationConfig, seed: u64, seconds: i64) -> Conversation {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mixer = Mixer::new(config, &mut random);
        let voices = [[beeps(500.0)], [beeps(3_000.0)]];
        let cast: Vec<&[Spoken]> = voices.iter().map(|voice| voice.as_slice()).collect();
        mixer.mix(&cast, seconds * 16_000, &Hush, &mut random)
    }

    #[test]
    fn speech_is_found_to_the_frame() {
        let said = beeps(500.0).said;
        assert_eq!(said.len(), 5);
        for (index, span) in said.iter().enumerate() {
            let from = index as i64 * 16_000;
            assert!((span.start - from).abs() <= 160 && (span.end - from - 8_000).abs() <= 160, "{span:?}");
        }
        assert!(Spoken::new(Tensor::zeros([16_000], (Kind::Float, Device::Cpu))).said.len() <= 1);
    }

    /// Each voice has a band of its own, so that the mixture can be asked who speaks.
    #[test]
    fn labels_say_who_is_heard() {
        let conversation = mix(quiet(), 3, 60);
        let spectrum = |from: i64| {
            let window = conversation.samples.narrow(0, from, 800).fft_rfft(None::<i64>, -1, "backward").abs();
            [25, 150].map(|bin| window.narrow(0, bin - 2, 5).max().double_value(&[]))
        };
        let loudest =
            (0..60 * 20 - 1).map(|at| spectrum(at * 800)).fold([0.0f64; 2], |a, b| [0, 1].map(|i| a[i].max(b[i])));
        let (mut unheard, mut unlabelled, mut both) = (0, 0, 0);
        for at in 0..60 * 20 - 1 {
            let (from, to) = (at * 800, at * 800 + 800);
            let heard = spectrum(from);
            let share = |who: usize| {
                let inside = |one: &Said| (one.when.end.min(to) - one.when.start.max(from)).max(0);
                conversation.said.iter().filter(|one| one.speaker == who).map(inside).sum::<i64>() as f64 / 800.0
            };
            for who in 0..2 {
                unheard += usize::from(share(who) > 0.9 && heard[who] < loudest[who] * 0.05);
                unlabelled += usize::from(share(who) == 0.0 && heard[who] > loudest[who] * 0.05);
            }
            both += usize::from(share(0) > 0.5 && share(1) > 0.5);
        }
        // Short pauses within speech are a part of it.
        assert!(unheard <= 24 && unlabelled == 0, "{unheard} and {unlabelled} of 1199 frames");
        assert!((10..600).contains(&both), "{both} frames of both");
    }

    #[test]
    fn pauses_count_as_speech_if_they_are_said_to() {
        let with = |min_pause_s| mix(ConversationConfig { min_pause_s, ..quiet() }, 3, 60);
        let (short, long) = (with(0.25), with(0.75));
        assert_eq!(short.samples, long.samples, "what is heard is the same");
        let shortest = |made: &Conversation, speaker: usize| {
            let own: Vec<&Said> = made.said.iter().filter(|one| one.speaker == speaker).collect();
            own.windows(2).map(|pair| pair[1].when.start - pair[0].when.end).min().expect("pauses")
        };
        for speaker in 0..2 {
            // Beeps are half a second apart.
            assert!((4_000..9_000).contains(&shortest(&short, speaker)));
            assert!(shortest(&long, speaker) >= 12_000);
        }
    }

    #[test]
    fn a_seed_repeats_and_nobody_interrupts_themselves() {
        let all = ConversationConfig {
            room: 1.0,
            rooms: 2,
            far: 0.5,
            even: 0.7,
            turn_level_db: 3.0,
            noise: 1.0,
            bustle: 1.0,
            bursts: 0.5,
            channel: 1.0,
            telephone: 0.5,
            ..Default::default()
        };
        for seed in 0..6 {
            let made = mix(all.clone(), seed, 20);
            assert_eq!(made.samples, mix(all.clone(), seed, 20).samples);
            assert!(made.samples.abs().max().double_value(&[]) <= 1.0);
            for speaker in 0..2 {
                let own: Vec<&Said> = made.said.iter().filter(|one| one.speaker == speaker).collect();
                assert!(own.windows(2).all(|pair| pair[0].when.end < pair[1].when.start));
            }
        }
    }
}
