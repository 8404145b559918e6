package legacy

import (
	"bufio"
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

// oracle is .NET's own serializer, in a Mono process that answers many questions
// (dotnet/Oracle.cs). Tests share it.
type oracle struct {
	in  io.Writer
	out *bufio.Reader
}

var theOracle struct {
	sync.Mutex
	*oracle
}

// askOracle returns the oracle. Where Mono is missing the test is skipped, and
// fails when CI=true.
func askOracle(t testing.TB) *oracle {
	t.Helper()
	theOracle.Lock()
	t.Cleanup(theOracle.Unlock)
	if theOracle.oracle != nil {
		return theOracle.oracle
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
	theOracle.oracle = o
	return o
}

// startOracle compiles and starts the oracle. It ends with the tests, when its
// standard input does.
func startOracle() (*oracle, error) {
	folder, err := os.MkdirTemp("", "oracle")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder) // Mono has read the program by the time that it answers
	program := filepath.Join(folder, "oracle.exe")
	compile := exec.Command("mcs", "-out:"+program, "-r:System.Runtime.Serialization", "-r:System.Xml", "dotnet/Oracle.cs")
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
	o := &oracle{in, bufio.NewReader(out)}
	_, err = o.answer('d', dotNetHex("2026-03-01"))
	return o, err
}

// ask asks a question of Oracle.cs. The answer's first word is its verdict.
func (o *oracle) ask(t testing.TB, question byte, content string) (verdict string, rest []string) {
	t.Helper()
	answer, err := o.answer(question, content)
	if err != nil {
		t.Fatalf("the oracle has gone: %v", err)
	}
	words := strings.Split(answer, " ")
	return words[0], words[1:]
}

func (o *oracle) answer(question byte, content string) (string, error) {
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

// write asks the oracle to write a document.
func (o *oracle) write(t testing.TB, question byte, content string) string {
	t.Helper()
	verdict, words := o.ask(t, question, content)
	if verdict != "written" {
		t.Fatalf("the oracle does not write %q: %s %q", content, verdict, dotNetText(words[len(words)-1]))
	}
	document, err := hex.DecodeString(words[0])
	if err != nil {
		t.Fatal(err)
	}
	return string(document)
}

// dotNetHex and dotNetText translate texts to and from the oracle's digits. What
// .NET has as null is empty here.
func dotNetHex(text string) string {
	digits := []byte("x")
	for _, unit := range utf16.Encode([]rune(text)) {
		digits = append(digits, strings.ToUpper(hex.EncodeToString([]byte{byte(unit >> 8), byte(unit)}))...)
	}
	return string(digits)
}

func dotNetText(digits string) string {
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
