package column

import (
	"fmt"
	"time"
)

// Instant is an instant that may be absent. Engines do not agree on the type of
// what they compute from a date, so it is read from a text, too.
type Instant struct {
	time.Time
	Valid bool
}

// Scan reads a value of the driver.
func (i *Instant) Scan(value any) error {
	var err error
	switch value := value.(type) {
	case nil:
		*i = Instant{}
		return nil
	case time.Time:
		i.Time = value
	case []byte:
		i.Time, err = time.Parse("2006-01-02 15:04:05.999999", string(value))
	default:
		err = fmt.Errorf("a %T is not an instant", value)
	}
	i.Valid = err == nil
	return err
}
