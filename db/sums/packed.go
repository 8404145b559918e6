package sums

import (
	"encoding/binary"
	"errors"

	"aiusage/usage"
)

// QuartersOfADay is how many quarter-hours a day of UTC has.
const QuartersOfADay = 96

// packedForm is the first byte of packed quarter-hours, by which another form could be
// told from this one.
const packedForm = 1

// Pack puts the quarter-hours of a subject's day of UTC into one value, those without a
// session left out: a byte for the form, and for each its number from 0 to 95, its
// minutes, seconds and sessions as signed varints.
func Pack(quarters map[int]usage.Usage) []byte {
	packed := []byte{packedForm}
	for number := range QuartersOfADay {
		amount := quarters[number]
		if amount == (usage.Usage{}) {
			continue
		}
		packed = append(packed, byte(number))
		for _, part := range []int64{amount.Minutes, amount.Seconds, amount.Sessions} {
			packed = binary.AppendVarint(packed, part)
		}
	}
	return packed
}

// errPacked is a fault: what is in the table is not what Pack has made.
var errPacked = errors.New("the packed quarter-hours of a day cannot be read")

// Unpack hands each quarter-hour of a packed day to add, by its number.
func Unpack(packed []byte, add func(number int, amount usage.Usage)) error {
	if len(packed) == 0 || packed[0] != packedForm {
		return errPacked
	}
	for packed = packed[1:]; len(packed) > 0; {
		number := int(packed[0])
		packed = packed[1:]
		var parts [3]int64
		for i := range parts {
			part, length := binary.Varint(packed)
			if length <= 0 {
				return errPacked
			}
			parts[i], packed = part, packed[length:]
		}
		if number >= QuartersOfADay {
			return errPacked
		}
		add(number, usage.Usage{Minutes: parts[0], Seconds: parts[1], Sessions: parts[2]})
	}
	return nil
}
