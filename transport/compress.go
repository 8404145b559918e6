package transport

import (
	"net/http"

	"github.com/klauspost/compress/gzhttp"
	"github.com/klauspost/compress/gzip"
)

// compressFrom is the least size of an answer, in bytes, that is compressed. Less
// fits in a packet or two as it is.
const compressFrom = 2 << 10

// Compressing is a middleware that compresses what Accept-Encoding asks for, by
// zstd or gzip, at the levels that take the least time.
var Compressing = func() func(http.Handler) http.HandlerFunc {
	wrap, err := gzhttp.NewWrapper(gzhttp.MinSize(compressFrom), gzhttp.CompressionLevel(gzip.BestSpeed))
	if err != nil {
		panic(err) // the options above are wrong
	}
	return wrap
}()
