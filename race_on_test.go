//go:build race

package redis

// raceDetector tells whether the tests run with the race detector.
const raceDetector = true
