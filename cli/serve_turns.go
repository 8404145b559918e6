package cli

import (
	"runtime"

	"aiusage/admission"
	"aiusage/gateway"
	"aiusage/usage"
)

// turnFlags say how much is worked on at a time.
type turnFlags struct {
	MaxAnswers     int   `env:"AIUSAGE_MAX_ANSWERS" group:"How much is worked on at a time:" default:"0" placeholder:"N" help:"The most answers that are worked on at a time; others wait, fairly between callers. 0 means four for each core, and no more than half of the connections (default: 0)."`
	MaxAnswerBytes int64 `env:"AIUSAGE_MAX_ANSWER_BYTES" group:"How much is worked on at a time:" default:"134217728" placeholder:"BYTES" help:"How many bytes large answers may take together, by estimate; others of them wait (default: 134217728)."`
}

// configureTurns makes the flags a part of a gateway's configuration.
func (f turnFlags) configureTurns(settings *gateway.Config) error {
	var wrong mistakes
	if f.MaxAnswers < 0 || f.MaxAnswers > 10_000 {
		wrong.note(usage.Errorf(usage.InvalidArgument, "--max-answers is %d; it must be at least 1 and at most 10000, or 0", f.MaxAnswers))
	}
	if f.MaxAnswerBytes < admission.FreeBytes || f.MaxAnswerBytes > 1<<40 {
		wrong.note(usage.Errorf(usage.InvalidArgument, "--max-answer-bytes is %d; it must be at least %d, which each answer may take without waiting, and at most %d",
			f.MaxAnswerBytes, admission.FreeBytes, int64(1)<<40))
	}
	settings.Turns.Answers, settings.Turns.Bytes = f.MaxAnswers, f.MaxAnswerBytes
	return wrong.asError()
}

// answersPerCore is how many answers are worked on for each core: while most wait for the
// database, one computes.
const answersPerCore = 4

// answersFor returns how many answers are worked on at a time with a pool of so many
// connections: half of them are for answers that take several statements (pool.Hold), and more answers
// would only wait there, first come, first served.
func (f turnFlags) answersFor(connections int) int {
	if f.MaxAnswers > 0 {
		return f.MaxAnswers
	}
	return max(1, min(answersPerCore*runtime.GOMAXPROCS(0), connections/2))
}
