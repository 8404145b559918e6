// Package column says what the columns of the gateway's tables hold and how engines give
// it: sums that need not fit, and starts of sessions that need not be instants.
package column

import (
	"errors"
	"fmt"
	"strconv"

	"aiusage/usage"
)

// Total is the sum of a column, of as many digits as it takes. The cast is for the
// embedded engine, which would rather compute with floating point.
func Total(column string) string { return "CAST(SUM(" + column + ") AS DECIMAL(38, 0))" }

// IsUsed is the condition that a row of sums tells of usage: rows stay when their sessions are gone.
const IsUsed = "(minutes <> 0 OR seconds <> 0 OR sessions <> 0)"

// Sum is a sum that the server has computed, and that need not fit.
type Sum int64

// Scan reads a value of the driver. The error is usage.ErrTooLarge for one beyond 64 bits.
func (s *Sum) Scan(value any) error {
	switch value := value.(type) {
	case int64:
		*s = Sum(value)
		return nil
	case []byte:
		number, err := strconv.ParseInt(string(value), 10, 64)
		if errors.Is(err, strconv.ErrRange) {
			err = usage.ErrTooLarge
		}
		*s = Sum(number)
		return err
	}
	return fmt.Errorf("a %T is not a sum", value)
}
