package usage_test

import (
	"errors"
	"strings"
	"testing"

	"aiusage/usage"
)

func TestAPanicIsAnErrorWithItsStack(t *testing.T) {
	err := usage.Safely(func() error { panic("fault") })
	panicked, ok := errors.AsType[*usage.Panic](err)
	if !ok || !strings.HasPrefix(err.Error(), "panic: fault\n") || !strings.Contains(err.Error(), "panic_test.go") {
		t.Fatalf("got %v", err)
	}
	if again := usage.Safely(func() error { panic(panicked) }); again != err {
		t.Errorf("panicked with again: got %v", again)
	}
	if !panicked.ClaimLog() || panicked.ClaimLog() {
		t.Error("it is not logged once")
	}
	if coded := usage.AsError(err); coded.Code != usage.Internal || coded.Message != "internal error" {
		t.Errorf("got %+v", coded)
	}
	broken := errors.New("broken")
	if err := usage.Safely(func() error { return broken }); err != broken {
		t.Errorf("got %v", err)
	}
}
