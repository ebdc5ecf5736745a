//! Batches against their definition: what is in them, where, and what they depend on.

use super::*;
use crate::batch::Prefetch;
use crate::context::Edges;
use crate::mix::power;

/// Normal sounds of noise at level 1, so that features tell nothing but what was mixed in.
fn sounds(normal: &[usize], clips: &[usize]) -> Arc<TrainingSounds> {
    let sound = |(index, &len): (usize, &usize), name: &str| {
        let mut rng = stream(index as u64, Purpose::Data, len as u64);
        let samples: Vec<f32> = (0..len).map(|_| rng.random_range(-1.0..1.0)).collect();
        Loaded::from_samples(&format!("{name}{index}.wav"), samples, 16_000)
    };
    Arc::new(TrainingSounds {
        set: "test".to_owned(),
        normal: normal.iter().enumerate().map(|s| sound(s, "normal")).collect(),
        something_else: clips.iter().enumerate().map(|s| sound(s, "clip")).collect(),
    })
}

fn config() -> BatchConfig {
    BatchConfig { piece_s: 0.5, pieces: 4, anr_db: [-30.0, 10.0] }
}

fn maker() -> BatchMaker {
    let sounds = sounds(&[20_000, 35_000, 16_000], &[3_000, 5_000, 700]);
    BatchMaker::new(sounds, &config(), &FrontEnd::new(8, 2)).unwrap()
}

fn make(maker: &mut BatchMaker, seed: u64, index: u64) -> Batch {
    let mut batch = Batch::default();
    maker.make(seed, index, &mut batch).unwrap();
    batch
}

#[test]
fn a_batch_is_what_its_definition_says() {
    let mut maker = maker();
    for index in 0..20 {
        let batch = make(&mut maker, 5, index);
        let draw = maker.draw(&mut stream(5, Purpose::Mix, index));
        let clip = &maker.sounds.something_else[draw.clip].samples;

        // The mixture, written down once more: pieces of 8,000 samples; the clip at its ratio.
        let mut normal = Vec::new();
        for &piece in &draw.pieces {
            let Piece { sound, start } = maker.pieces[piece];
            normal.extend_from_slice(&maker.sounds.normal[sound].samples[start..start + 8_000]);
        }
        let under = draw.at..draw.at + clip.len();
        let gain =
            (power(&normal[under.clone()]) / power(clip) * 10f64.powf(draw.anr_db / 10.0)).sqrt() as f32;
        normal[under.clone()].iter_mut().zip(clip.iter()).for_each(|(sample, clip)| *sample += gain * clip);

        // A row covers its frames' samples; those that meet the clip come last.
        let front_end = FrontEnd::new(8, 2);
        let (rows, dim) = (front_end.rows(normal.len()), front_end.dim());
        let mut features = vec![0.0; rows * dim];
        LogMel::new(&front_end).unwrap().rows_into(&normal, 0..rows, &mut features).unwrap();
        let touches = |row: &usize| row * 256 < under.end && row * 256 + 4 * 256 + 512 > under.start;
        let (anomalous, clean): (Vec<usize>, Vec<usize>) = (0..rows).partition(touches);
        assert_eq!((batch.normal, batch.anomalous, batch.dim), (clean.len(), anomalous.len(), dim));
        let expected: Vec<f32> =
            clean.iter().chain(&anomalous).flat_map(|row| features[row * dim..][..dim].to_vec()).collect();
        assert_eq!(batch.rows, expected);
        assert_eq!(batch.normal_rows().len() + batch.anomalous_rows().len(), batch.rows.len());
    }
}

/// Bytes, so that no two floats pass for equal that are not the same.
fn bytes(rows: &[f32]) -> Vec<[u8; 4]> {
    rows.iter().map(|feature| feature.to_le_bytes()).collect()
}

#[test]
fn frames_give_the_same_rows_to_the_byte() {
    let sounds = sounds(&[20_000, 35_000, 16_000], &[3_000, 5_000, 700]);
    for edges in [Edges::Full, Edges::ZeroPad] {
        let front_end = FrontEnd { edges, ..FrontEnd::new(8, 2) };
        let mut maker = BatchMaker::new(sounds.clone(), &config(), &front_end).unwrap();
        let (mut frames, mut ahead) =
            (FrameBatch::default(), Prefetch::<FrameBatch>::start(self::maker(), 5, 0..20));
        for index in 0..20 {
            let batch = make(&mut maker, 5, index);
            maker.make_frames(5, index, &mut frames).unwrap();
            assert_eq!((frames.normal, frames.bands, frames.span), (batch.normal, 8, 5));
            // As a device gathers them: one frame after the other.
            let row = |start: &u32| {
                (*start..start + 5).flat_map(|frame| frames.frames[frame as usize * 8..][..8].to_vec())
            };
            let gathered: Vec<f32> = frames.starts.iter().flat_map(row).collect();
            assert_eq!(bytes(&gathered), bytes(&batch.rows));
            let made_ahead = ahead.next_batch().unwrap().unwrap();
            assert!(edges == Edges::ZeroPad || *made_ahead == frames);
        }
    }
}

#[test]
fn a_batch_depends_on_seed_and_index_alone() {
    let (mut one, mut other) = (maker(), maker());
    let mut reused = Batch { rows: vec![f32::NAN; 7], dim: 3, normal: 9, anomalous: 1 };
    for index in [7, 2, 7, 1_000_000] {
        one.make(3, index, &mut reused).unwrap();
        assert_eq!(reused, make(&mut other, 3, index));
        other.make(4, index, &mut Batch::default()).unwrap();
    }
    assert_ne!(make(&mut one, 3, 0), make(&mut one, 3, 1));
    assert_ne!(make(&mut one, 3, 0), make(&mut one, 4, 0));
}

#[test]
fn draws_cover_what_they_should() {
    let maker = maker();
    // 2 + 4 + 2 pieces; what is left of a sound is not used.
    assert_eq!(maker.pieces.len(), 8);
    let (mut pieces, mut clips) = ([0; 8], [0; 3]);
    let (mut anr, mut place) = (0.0, 0.0);
    for index in 0..2000 {
        let draw = maker.draw(&mut stream(0, Purpose::Mix, index));
        draw.pieces.iter().for_each(|&piece| pieces[piece] += 1);
        let mut distinct = draw.pieces.clone();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), 4);
        clips[draw.clip] += 1;
        let room = 32_000 - maker.sounds.something_else[draw.clip].samples.len();
        assert!(draw.at <= room && (-30.0..=10.0).contains(&draw.anr_db));
        anr += draw.anr_db / 2000.0;
        place += draw.at as f64 / room as f64 / 2000.0;
    }
    // Within five standard deviations of uniform.
    assert!(pieces.iter().all(|&count: &i32| (count - 1000).abs() < 112), "{pieces:?}");
    assert!(clips.iter().all(|&count: &i32| (count - 667).abs() < 106), "{clips:?}");
    assert!((anr + 10.0).abs() < 1.3 && (place - 0.5).abs() < 0.033, "{anr} {place}");
}

#[test]
fn batches_made_ahead_are_the_same() {
    let mut direct = maker();
    let mut ahead = Prefetch::<Batch>::start(maker(), 9, 5..17);
    for index in 5..17 {
        assert_eq!(*ahead.next_batch().unwrap().unwrap(), make(&mut direct, 9, index), "batch {index}");
    }
    assert!(ahead.next_batch().is_none() && ahead.next_batch().is_none());
}

#[test]
fn a_prefetch_dropped_half_way_ends_its_thread() {
    let mut ahead = Prefetch::<Batch>::start(maker(), 9, 0..u64::MAX >> 8);
    assert!(ahead.next_batch().unwrap().is_ok());
    drop(ahead); // Joins the thread: the test would hang if it went on.
}

/// Sounds with nothing in them but `sound` of the 64,000 samples.
fn gated(sound: std::ops::Range<usize>) -> BatchMaker {
    let mut sounds = Arc::unwrap_or_clone(sounds(&[64_000], &[3_000, 700]));
    let mut samples = vec![0.0; 64_000];
    samples[sound.clone()].copy_from_slice(&sounds.normal[0].samples[sound]);
    sounds.normal[0].samples = samples.into();
    BatchMaker::new(Arc::new(sounds), &config(), &FrontEnd::new(8, 2)).unwrap()
}

#[test]
fn where_the_clip_falls_on_silence_the_batch_is_drawn_anew() {
    // One of eight pieces has sound: half of all batches hold none.
    let (mut one, mut other) = (gated(8_000..16_000), gated(8_000..16_000));
    let mut redrawn = 0;
    for index in 0..50 {
        let batch = make(&mut one, 3, index);
        assert_eq!(batch, make(&mut other, 3, index));
        let rng = &mut stream(3, Purpose::Mix, index);
        let mixed = one.mix(3, index).unwrap();
        let draws: Vec<Draw> = (0..DRAWS).map(|_| one.draw(rng)).collect();
        let taken = draws.iter().position(|draw| *draw == mixed).expect("of the batch's own stream");
        redrawn += usize::from(taken > 0);
        for (draw, last) in draws[..=taken].iter().map(|draw| (draw, *draw == mixed)) {
            one.join(draw);
            let under = draw.at..draw.at + one.sounds.something_else[draw.clip].samples.len();
            assert_eq!(power(&one.mixture[under]) > 0.0, last, "the first that lies on sound");
        }
    }
    assert!(redrawn > 25, "{redrawn}");
}

#[test]
fn a_clip_on_silence_is_named() {
    let mut sounds = Arc::unwrap_or_clone(sounds(&[64_000], &[3_000]));
    sounds.normal[0].samples = vec![0.0; 64_000].into();
    let mut maker = BatchMaker::new(Arc::new(sounds), &config(), &FrontEnd::new(8, 2)).unwrap();
    let text = maker.make(1, 2, &mut Batch::default()).unwrap_err().to_string();
    for part in ["batch 2 of seed 1", "drawn 1000 times", "clip0.wav", "normal0.wav", "silence", "expected"] {
        assert!(text.contains(part), "{text}");
    }
    let mut ahead = Prefetch::<Batch>::start(maker, 1, 2..5);
    assert!(ahead.next_batch().unwrap().is_err() && ahead.next_batch().is_none());
}

#[test]
fn bad_sounds_are_told_at_once() {
    let error = BatchMaker::new(
        sounds(&[64_000, 7_999, 300], &[32_001, 31_000, 3_000]),
        &config(),
        &FrontEnd::new(8, 2),
    );
    let Err(BatchError::Sounds(error)) = error else { panic!("accepted") };
    let places: Vec<&str> = error.problems.iter().map(|problem| problem.place.as_str()).collect();
    assert_eq!(places, ["clip0.wav", "clip1.wav", "normal1.wav", "normal2.wav"]);
    let Err(error) = BatchMaker::new(sounds(&[], &[]), &config(), &FrontEnd::new(8, 2)) else {
        panic!("accepted")
    };
    assert!(
        error.to_string().contains("normal-train") && error.to_string().contains("something-else"),
        "{error}"
    );
}

#[test]
fn bad_settings_are_told() {
    for (key, config) in [
        ("piece_s", BatchConfig { piece_s: f64::NAN, ..config() }),
        ("pieces", BatchConfig { pieces: 0, ..config() }),
        ("pieces", BatchConfig { pieces: 9, ..config() }),
        ("pieces", BatchConfig { pieces: usize::MAX, ..config() }),
        ("anr_db", BatchConfig { anr_db: [10.0, -30.0], ..config() }),
    ] {
        let made = BatchMaker::new(sounds(&[64_000], &[3_000]), &config, &FrontEnd::new(8, 2));
        let Err(error) = made else { panic!("{config:?} accepted") };
        assert!(error.to_string().contains(&format!("`{key}`")), "{error}");
    }
}
