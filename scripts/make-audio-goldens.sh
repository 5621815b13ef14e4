#!/bin/sh
# Makes tests/data/audio: the same known signal in every format that is read, by ffmpeg, which shares no code with
# this program. Run from the top of the repository: scripts/make-audio-goldens.sh
#
# Channel c (from 0) of every file is the chirp
#   0.4 sin(2 pi ((200 + 100 c) t + 1500 t^2 / D)),  0 <= t < D,
# D the length in seconds: it sweeps 3 kHz, so that a shift by one sample shows. tests/audio_formats/golden.rs has the same
# formula.
set -eu
out=tests/data/audio
mkdir -p "$out"
rm -f "$out"/*

# make <file> <rate> <channels> <seconds> <ffmpeg output options...>
make() {
    file=$1 rate=$2 channels=$3 seconds=$4
    shift 4
    signal=
    c=0
    while [ "$c" -lt "$channels" ]; do
        signal="$signal|0.4*sin(2*PI*((200+100*$c)*t+1500*t*t/$seconds))"
        c=$((c + 1))
    done
    # aevalsrc rounds to blocks, so the exact length is cut in samples; double precision in, no dither.
    samples=$(awk "BEGIN { printf \"%d\", $rate * $seconds + 0.5 }")
    ffmpeg -v error -y -f lavfi \
        -i "aevalsrc=exprs=${signal#|}:s=$rate:c=${channels}c,atrim=end_sample=$samples" \
        -bitexact "$@" "$out/$file"
}

make u8.wav 8000 1 0.3 -c:a pcm_u8
make alaw.wav 8000 1 0.3 -c:a pcm_alaw
make mulaw.wav 8000 1 0.3 -c:a pcm_mulaw
make s16.wav 16000 2 0.15 -c:a pcm_s16le
make s24.wav 44100 1 0.1 -c:a pcm_s24le
make s32.wav 22050 1 0.1 -c:a pcm_s32le
make f32.wav 48000 1 0.05 -c:a pcm_f32le
make f64.wav 11025 1 0.08 -c:a pcm_f64le
make s16-192k.wav 192000 1 0.02 -c:a pcm_s16le
make s16.aiff 22050 2 0.1 -c:a pcm_s16be
make s16le.aifc 16000 1 0.1 -f aiff -c:a pcm_s16le
make s16.flac 16000 2 0.15 -c:a flac -sample_fmt s16
make s24-96k.flac 96000 1 0.03 -c:a flac -sample_fmt s32 -bits_per_raw_sample 24
make 8ch.flac 16000 8 0.05 -c:a flac -sample_fmt s16
make cbr.mp3 44100 2 0.5 -c:a libmp3lame -b:a 128k
make vbr.mp3 22050 1 0.5 -c:a libmp3lame -q:a 4
make no-gapless-tag.mp3 16000 1 0.5 -c:a libmp3lame -b:a 32k -write_xing 0 -id3v2_version 0
make vorbis.ogg 44100 2 0.5 -c:a libvorbis -q:a 4
make vorbis-6ch.ogg 48000 6 0.2 -c:a libvorbis -q:a 3
make flac.ogg 16000 1 0.2 -c:a flac -sample_fmt s16
make mono.opus 48000 1 0.3 -c:a libopus -b:a 96k
make stereo.opus 48000 2 1.3 -c:a libopus -b:a 80k
make voice.opus 16000 1 1.5 -c:a libopus -b:a 16k -application voip
make 6ch.opus 48000 6 0.2 -c:a libopus -b:a 320k -mapping_family 1
make 60ms.opus 48000 1 0.5 -c:a libopus -b:a 64k -frame_duration 60
make aac.m4a 44100 2 0.5 -c:a aac -b:a 192k
make alac.m4a 44100 1 0.1 -c:a alac -sample_fmt s16p
make adts.aac 22050 1 0.5 -c:a aac -b:a 48k
make opus.webm 48000 1 0.3 -c:a libopus -b:a 96k
make vorbis.mka 44100 1 0.3 -c:a libvorbis -q:a 3
make opus.mp4 48000 1 0.3 -c:a libopus -b:a 96k
du -sb "$out"
