package cli

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/alecthomas/kong"
)

// secretTag marks a flag whose value is not for everybody: it may be in a file that a variable
// names (MYSQL_DSN_FILE for MYSQL_DSN), as containers are given secrets, and is not printed.
const secretTag = "secret"

// inFile ends the name of a variable that names a file with the value.
const inFile = "_FILE"

// secretFiles resolves flags that are secrets by their files.
type secretFiles struct{}

// Validate has nothing to do.
func (secretFiles) Validate(*kong.Application) error { return nil }

// Resolve returns the secret in the file that the environment names, if it names one.
func (secretFiles) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	variable, name := secretFileOf(flag)
	if name == "" {
		return nil, nil
	}
	own := strings.TrimSuffix(variable, inFile)
	if _, both := os.LookupEnv(own); both {
		return nil, fmt.Errorf("%s and %s are both set; one of them is enough", own, variable)
	}
	secret, err := readSecret(name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", variable, err)
	}
	return string(secret), nil
}

// secretFileOf returns the variable that names the file with the value of a flag, and the file;
// both are empty where there is none.
func secretFileOf(flag *kong.Flag) (variable, name string) {
	if !flag.Tag.Has(secretTag) {
		return "", ""
	}
	for _, own := range flag.Envs {
		if name := os.Getenv(own + inFile); name != "" {
			return own + inFile, name
		}
	}
	return "", ""
}

// maxSecret is the longest secret in a file, in bytes.
const maxSecret = 4096

// byteOrderMark is what editors on Windows begin a text with.
var byteOrderMark = []byte("\uFEFF")

// readSecret reads a secret from a file, without the line break at its end and a byte order mark.
func readSecret(name string) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %w", err)
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, maxSecret+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("cannot be read: %w", err)
	case len(content) > maxSecret:
		return nil, fmt.Errorf("%s is longer than %d bytes", name, maxSecret)
	}
	if content = bytes.TrimRight(bytes.TrimPrefix(content, byteOrderMark), "\r\n"); len(content) == 0 {
		return nil, fmt.Errorf("%s is empty", name)
	}
	return content, nil
}
