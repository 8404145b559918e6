package gateway_test

import (
	"encoding/base64"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"aiusage/internal/dbtest"
)

// evidence is every log and every body of an error in the run of this package's
// tests, and the secrets that were used in it.
var evidence = &collection{secrets: map[string]bool{password: true}}

type collection struct {
	mu      sync.Mutex
	secrets map[string]bool
	texts   []evidenceText
}

type evidenceText struct{ from, text string }

func (c *collection) add(from, text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.texts = append(c.texts, evidenceText{from, text})
}

// secret remembers a secret, and returns it.
func secret(text string) string {
	evidence.mu.Lock()
	defer evidence.mu.Unlock()
	evidence.secrets[text] = true
	return text
}

// leaks returns where a secret is, as it is or in base64.
func (c *collection) leaks() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var found []string
	for secret := range c.secrets {
		for _, form := range []string{secret, base64.StdEncoding.EncodeToString([]byte(secret))} {
			for _, text := range c.texts {
				if at := strings.Index(text.text, form); at >= 0 {
					from := text.text[max(0, at-200):at]
					found = append(found, fmt.Sprintf("%s: a secret follows %q", text.from, from))
				}
			}
		}
	}
	return found
}

// TestMain fails the run when a log or an error had a secret in it.
func TestMain(m *testing.M) {
	code := dbtest.Main(m)
	for _, leak := range evidence.leaks() {
		fmt.Println("LEAK", leak)
		code = 1
	}
	fmt.Printf("%d logs and error bodies have none of %d secrets, or are listed above\n", len(evidence.texts), len(evidence.secrets))
	os.Exit(code)
}

// The search finds what it looks for.
func TestTheSearchForSecretsCanFail(t *testing.T) {
	c := &collection{secrets: map[string]bool{"hunter2": true}}
	c.add("a log", "all is well")
	if found := c.leaks(); len(found) != 0 {
		t.Errorf("found %q", found)
	}
	c.add("a log", "user=ada password=hunter2")
	c.add("an error", base64.StdEncoding.EncodeToString([]byte("hunter2")))
	if found := c.leaks(); len(found) != 2 {
		t.Errorf("found %q", found)
	}
}
