package db

import (
	"errors"
	"fmt"
	"strconv"

	"aiusage/usage"
)

// total is the sum of a column, of as many digits as it takes. The cast is for the
// embedded engine, which would rather compute with floating point.
func total(column string) string { return "CAST(SUM(" + column + ") AS DECIMAL(38, 0))" }

// sum is a sum that the server has computed, and that need not fit.
type sum int64

// Scan reads a value of the driver. The error is usage.ErrTooLarge for one beyond 64 bits.
func (s *sum) Scan(value any) error {
	switch value := value.(type) {
	case int64:
		*s = sum(value)
		return nil
	case []byte:
		number, err := strconv.ParseInt(string(value), 10, 64)
		if errors.Is(err, strconv.ErrRange) {
			err = usage.ErrTooLarge
		}
		*s = sum(number)
		return err
	}
	return fmt.Errorf("a %T is not a sum", value)
}
