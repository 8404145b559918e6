package cli

import (
	"os"
	"runtime/debug"

	"aiusage/admission"
)

// besideAnswers is what the gateway takes besides large answers, in bytes: small ones, what is
// known of customers, and itself.
const besideAnswers = 48 << 20

// garbagePercent is how much garbage there may be for each byte in use, as long as there is
// memory: the collector would else take time from small answers whenever a large one is put together.
const garbagePercent = 200

// limitMemory has the program collect garbage in time to stay near what its answers may take,
// unless the variables of Go say otherwise. The embedded database is not in this account.
func (f turnFlags) limitMemory() {
	if os.Getenv("GOMEMLIMIT") == "" && f.MaxAnswerBytes > 0 {
		debug.SetMemoryLimit(f.MaxAnswerBytes + admission.UnforeseenBytes + besideAnswers)
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbagePercent)
	}
}
