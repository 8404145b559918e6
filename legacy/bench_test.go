package legacy

import (
	"bufio"
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"

	"aiusage/legacy/answer"
	"aiusage/legacy/contract"
	"aiusage/usage"
)

// customers makes a report of a number of customers, a hundred to an account.
func customers(count int) *usage.Report {
	subjects := make([]usage.SubjectUsage, count)
	for i := range subjects {
		subjects[i] = subject(fmt.Sprintf("account-%06d", i/100), fmt.Sprintf("customer-%08d", i), int64(i%5000))
	}
	return reportOf(subjects...)
}

var sizes = []int{10_000, 1_000_000}

// BenchmarkEncode writes the contract's documents.
func BenchmarkEncode(b *testing.B) {
	for _, size := range sizes {
		report := customers(size)
		for _, as := range []contract.Format{contract.XML, contract.JSON, contract.JSV, contract.CSV, contract.HTML} {
			b.Run(fmt.Sprintf("%s/%d", as, size), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := answer.Writable(report); err != nil {
						b.Fatal(err)
					}
					if err := answer.One(as, report).Write(b.Context(), io.Discard, contract.Representation{Format: as}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// libraryDocument is the same answer as the standard encoders see it.
type libraryDocument struct {
	XMLName   xml.Name          `xml:"http://schemas.datacontract.org/2004/07/Voice.Api.AI AIUsage" json:"-"`
	Accounts  []libraryAccount  `xml:"AccountUsage>AIAccountUsage" json:"accountUsage"`
	Customers []libraryCustomer `xml:"CustomerUsage>AICustomerUsage" json:"customerUsage"`
}

type libraryAccount struct {
	Minutes   int32  `xml:"AIMinutes" json:"aiMinutes"`
	AccountID string `xml:"AccountId" json:"accountId"`
}

type libraryCustomer struct {
	Minutes    int32  `xml:"AIMinutes" json:"aiMinutes"`
	AccountID  string `xml:"AccountId" json:"accountId"`
	CustomerID string `xml:"CustomerId" json:"customerId"`
}

func libraryOf(report *usage.Report) *libraryDocument {
	var document libraryDocument
	for _, account := range report.Accounts {
		document.Accounts = append(document.Accounts, libraryAccount{int32(account.Minutes), account.AccountID})
	}
	for _, customer := range report.Customers {
		document.Customers = append(document.Customers, libraryCustomer{int32(customer.Minutes), customer.AccountID, customer.CustomerID})
	}
	return &document
}

// BenchmarkLibrary encodes the same rows with encoding/xml and encoding/json.
func BenchmarkLibrary(b *testing.B) {
	for _, size := range sizes {
		document := libraryOf(customers(size))
		for name, encode := range map[string]func(io.Writer) error{
			"encoding-xml":  func(w io.Writer) error { return xml.NewEncoder(w).Encode(document) },
			"encoding-json": func(w io.Writer) error { return json.NewEncoder(w).Encode(document) },
		} {
			b.Run(fmt.Sprintf("%s/%d", name, size), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					w := bufio.NewWriter(io.Discard)
					if err := encode(w); err != nil {
						b.Fatal(err)
					}
					w.Flush()
				}
			})
		}
	}
}

// BenchmarkServe sends the answer for a million customers through a real server
// and reports by how much the heap grew at most while it was on its way.
func BenchmarkServe(b *testing.B) {
	report := customers(1_000_000)
	handler := New(Config{
		Report:       func(context.Context, usage.Request) (*usage.Report, error) { return report, nil },
		Authenticate: authenticate,
	})
	server := httptest.NewServer(handler)
	defer server.Close()
	for _, as := range []contract.Format{contract.XML, contract.JSON} {
		b.Run(string(as), func(b *testing.B) {
			peak := uint64(0)
			for b.Loop() {
				peak = max(peak, serveOnce(b, server.URL+"/ai/usage."+string(as)))
			}
			b.ReportMetric(float64(peak)/1024, "peak-KiB")
		})
	}
}

// serveOnce fetches one answer and returns how much the heap grew at most.
func serveOnce(b *testing.B, url string) (peak uint64) {
	r, err := http.NewRequest("GET", url, nil)
	if err != nil {
		b.Fatal(err)
	}
	r.SetBasicAuth("admin", "secret")
	runtime.GC()
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	base := memory.HeapAlloc
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer response.Body.Close()
	for err == nil {
		_, err = io.CopyN(io.Discard, response.Body, 8<<20)
		runtime.ReadMemStats(&memory)
		if memory.HeapAlloc > base {
			peak = max(peak, memory.HeapAlloc-base)
		}
	}
	if err != io.EOF {
		b.Fatal(err)
	}
	return peak
}
