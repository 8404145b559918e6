package dotnet

import (
	"encoding/binary"
	"math/rand/v2"
	"strings"
	"unicode/utf16"

	"aiusage/legacy/contract"
)

// Generator makes up texts and documents: valid ones, odd ones and broken ones.
type Generator struct{ *rand.Rand }

// NewGenerator returns the generator of a seed, which makes up the same each time.
func NewGenerator(seed uint64) Generator { return Generator{rand.New(rand.NewPCG(seed, seed+1))} }

// Pick returns one of some texts.
func (g Generator) Pick(from ...string) string { return from[g.IntN(len(from))] }

// One tells whether it is the one time in so many.
func (g Generator) One(in int) bool { return g.IntN(in) == 0 }

// AnyID makes up ids of whatever a table may hold.
func (g Generator) AnyID() string {
	var id strings.Builder
	for range g.IntN(5) {
		id.WriteString(g.Pick("a", "acc-1", " ", "\t", "\n", "\x00", "\x1b", "\x7f", "\u0085", "<", ">", "&", `"`, "'", "]]>", "é", "日本", "😀", "\u2028", "\ufdd0", "\ufffd", "\ufffe", "\uffff", "&#1;"))
	}
	return id.String()
}

// Request is a request with some children, as .NET writes it.
func Request(children string) string {
	return `<GetAIUsage xmlns:i="` + contract.InstanceNamespace + `" xmlns="` + contract.Namespace + `">` + children + `</GetAIUsage>`
}

// UTF16 encodes a text with a byte order mark.
func UTF16(text string, order binary.AppendByteOrder) string {
	encoded := order.AppendUint16(nil, 0xFEFF)
	for _, unit := range utf16.Encode([]rune(text)) {
		encoded = order.AppendUint16(encoded, unit)
	}
	return string(encoded)
}
