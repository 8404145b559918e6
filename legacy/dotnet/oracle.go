// Package dotnet is for tests: it asks .NET's own serializer, run by Mono, what it reads and writes,
// and makes up texts to ask about.
package dotnet

import (
	"bufio"
	_ "embed"
	"encoding/binary"
	"encoding/hex"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"unicode/utf16"
)

//go:embed Oracle.cs
var oracleSource []byte

// Oracle is .NET's own serializer, in a Mono process that answers many questions
// (Oracle.cs). Tests share it.
type Oracle struct {
	in  io.Writer
	out *bufio.Reader
}

var theOracle struct {
	sync.Mutex
	*Oracle
}

// Ask returns the oracle. Where Mono is missing the test is skipped, and
// fails when CI=true.
func Ask(t testing.TB) *Oracle {
	t.Helper()
	theOracle.Lock()
	t.Cleanup(theOracle.Unlock)
	if theOracle.Oracle != nil {
		return theOracle.Oracle
	}
	for _, program := range []string{"mcs", "mono"} {
		if _, err := exec.LookPath(program); err != nil {
			const missing = "there is no Mono here (Debian: mono-mcs mono-runtime libmono-system-runtime-serialization4.0-cil)"
			if os.Getenv("CI") == "true" {
				t.Fatal(missing)
			}
			t.Skip(missing)
		}
	}
	o, err := startOracle()
	if err != nil {
		t.Fatal(err)
	}
	theOracle.Oracle = o
	return o
}

// startOracle compiles and starts the oracle. It ends with the tests, when its
// standard input does.
func startOracle() (*Oracle, error) {
	folder, err := os.MkdirTemp("", "oracle")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder) // Mono has read the program by the time that it answers
	program := filepath.Join(folder, "oracle.exe")
	source := filepath.Join(folder, "Oracle.cs")
	if err := os.WriteFile(source, oracleSource, 0o600); err != nil {
		return nil, err
	}
	compile := exec.Command("mcs", "-out:"+program, "-r:System.Runtime.Serialization", "-r:System.Xml", source)
	compile.Stderr = os.Stderr
	if err := compile.Run(); err != nil {
		return nil, err
	}
	run := exec.Command("mono", program)
	run.Stderr = os.Stderr
	in, err := run.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := run.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := run.Start(); err != nil {
		return nil, err
	}
	o := &Oracle{in, bufio.NewReader(out)}
	_, err = o.answer('d', Hex("2026-03-01"))
	return o, err
}

// Ask asks a question of Oracle.cs. The answer's first word is its verdict.
func (o *Oracle) Ask(t testing.TB, question byte, content string) (verdict string, rest []string) {
	t.Helper()
	answer, err := o.answer(question, content)
	if err != nil {
		t.Fatalf("the oracle has gone: %v", err)
	}
	words := strings.Split(answer, " ")
	return words[0], words[1:]
}

func (o *Oracle) answer(question byte, content string) (string, error) {
	frame := binary.BigEndian.AppendUint32([]byte{question}, uint32(len(content)))
	if _, err := o.in.Write(append(frame, content...)); err != nil {
		return "", err
	}
	var size [4]byte
	if _, err := io.ReadFull(o.out, size[:]); err != nil {
		return "", err
	}
	answer := make([]byte, binary.BigEndian.Uint32(size[:]))
	_, err := io.ReadFull(o.out, answer)
	return string(answer), err
}

// Write asks the oracle to write a document.
func (o *Oracle) Write(t testing.TB, question byte, content string) string {
	t.Helper()
	verdict, words := o.Ask(t, question, content)
	if verdict != "written" {
		t.Fatalf("the oracle does not write %q: %s %q", content, verdict, Text(words[len(words)-1]))
	}
	document, err := hex.DecodeString(words[0])
	if err != nil {
		t.Fatal(err)
	}
	return string(document)
}

// Hex translates a text to the oracle's digits, and Text translates them back. What
// .NET has as null is empty here.
func Hex(text string) string {
	digits := []byte("x")
	for _, unit := range utf16.Encode([]rune(text)) {
		digits = append(digits, strings.ToUpper(hex.EncodeToString([]byte{byte(unit >> 8), byte(unit)}))...)
	}
	return string(digits)
}

// Text returns the text of digits of the oracle.
func Text(digits string) string {
	if !strings.HasPrefix(digits, "x") {
		return ""
	}
	var units []uint16
	for i := 1; i+4 <= len(digits); i += 4 {
		unit, err := strconv.ParseUint(digits[i:i+4], 16, 16)
		if err != nil {
			return "?" + digits
		}
		units = append(units, uint16(unit))
	}
	return string(utf16.Decode(units))
}
