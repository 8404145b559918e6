package cli

import (
	"errors"
	"strings"
)

// mistakes are all that is wrong with a configuration: whoever made it need not start the
// gateway once for each.
type mistakes []error

// allOf returns the mistakes that an error is, or the error alone.
func allOf(err error) mistakes {
	if several, ok := errors.AsType[mistakes](err); ok {
		return several
	}
	return mistakes{err}
}

// note adds what is wrong, if anything.
func (m *mistakes) note(err error) {
	if several, ok := errors.AsType[mistakes](err); ok {
		*m = append(*m, several...)
	} else if err != nil {
		*m = append(*m, err)
	}
}

// asError returns nil where nothing is wrong.
func (m mistakes) asError() error {
	switch len(m) {
	case 0:
		return nil
	case 1:
		return m[0]
	}
	return m
}

func (m mistakes) Error() string {
	var texts []string
	for _, one := range m {
		texts = append(texts, one.Error())
	}
	return strings.Join(texts, "\n")
}
