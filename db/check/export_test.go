package check

import "time"

// WithoutTime has each round compare no more than it has to, at an instant.
func (c *Comparer) WithoutTime(at time.Time) *Comparer {
	c.lasts, c.now = 0, func() time.Time { return at }
	return c
}
