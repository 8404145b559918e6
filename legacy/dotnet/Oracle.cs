// Oracle reads and writes the contract's documents with .NET's own serializer, for
// the differential tests of the legacy door. It is one process that answers many
// questions, because starting one for each would take hours: on standard input one
// byte that names the question, the length of what follows as four bytes (big
// endian) and that many bytes; on standard output the length of the answer and the
// answer, in ASCII. Texts travel as the hexadecimal digits of their UTF-16 units,
// since a .NET string may hold what no encoding of Unicode can.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Runtime.Serialization;
using System.Text;
using System.Xml;

// The contract, as the old host declared it. The names of the classes are its own.
namespace Contract
{
    [DataContract(Name = "GetAIUsage", Namespace = "http://schemas.datacontract.org/2004/07/Voice.Api.AI")]
    public class GetAIUsage
    {
        [DataMember] public string AccountId { get; set; }
        [DataMember] public string CustomerId { get; set; }
        [DataMember] public string EndDate { get; set; }
        [DataMember] public string StartDate { get; set; }
    }

    [DataContract(Name = "AIUsage", Namespace = "http://schemas.datacontract.org/2004/07/Voice.Api.AI")]
    public class AIUsage
    {
        [DataMember] public List<AIAccountUsage> AccountUsage { get; set; }
        [DataMember] public List<AICustomerUsage> CustomerUsage { get; set; }
    }

    [DataContract(Namespace = "http://schemas.datacontract.org/2004/07/Voice.Api.AI")]
    public class Minutes
    {
        [DataMember] public int AIMinutes { get; set; }
    }

    [DataContract(Name = "AIAccountUsage", Namespace = "http://schemas.datacontract.org/2004/07/Voice.Api.AI")]
    public class AIAccountUsage : Minutes
    {
        [DataMember] public string AccountId { get; set; }
    }

    [DataContract(Name = "AICustomerUsage", Namespace = "http://schemas.datacontract.org/2004/07/Voice.Api.AI")]
    public class AICustomerUsage : Minutes
    {
        [DataMember] public string AccountId { get; set; }
        [DataMember] public string CustomerId { get; set; }
    }

    // The sign-in of ServiceStack, as far as its callers send and read it.
    [DataContract(Namespace = "http://schemas.servicestack.net/types")]
    public class Authenticate
    {
        [DataMember(Order = 1)] public string provider { get; set; }
        [DataMember(Order = 4)] public string UserName { get; set; }
        [DataMember(Order = 5)] public string Password { get; set; }
        [DataMember(Order = 6)] public bool? RememberMe { get; set; }
    }

    [DataContract(Namespace = "http://schemas.servicestack.net/types")]
    public class AuthenticateResponse
    {
        [DataMember(Order = 1)] public string UserId { get; set; }
        [DataMember(Order = 2)] public string SessionId { get; set; }
        [DataMember(Order = 3)] public string UserName { get; set; }
        [DataMember(Order = 4)] public string DisplayName { get; set; }
        [DataMember(Order = 5)] public string ReferrerUrl { get; set; }
        [DataMember(Order = 6)] public string BearerToken { get; set; }
        [DataMember(Order = 7)] public string RefreshToken { get; set; }
        [DataMember(Order = 8)] public string ProfileUrl { get; set; }
        [DataMember(Order = 9)] public List<string> Roles { get; set; }
        [DataMember(Order = 10)] public List<string> Permissions { get; set; }
        [DataMember(Order = 11)] public ResponseStatus ResponseStatus { get; set; }
        [DataMember(Order = 12)] public Dictionary<string, string> Meta { get; set; }
    }

    [DataContract(Namespace = "http://schemas.servicestack.net/types")]
    public class ResponseError
    {
        [DataMember(Order = 1)] public string ErrorCode { get; set; }
        [DataMember(Order = 2)] public string FieldName { get; set; }
        [DataMember(Order = 3)] public string Message { get; set; }
        [DataMember(Order = 4)] public Dictionary<string, string> Meta { get; set; }
    }

    [DataContract(Namespace = "http://schemas.servicestack.net/types")]
    public class ResponseStatus
    {
        [DataMember(Order = 1)] public string ErrorCode { get; set; }
        [DataMember(Order = 2)] public string Message { get; set; }
        [DataMember(Order = 3)] public string StackTrace { get; set; }
        [DataMember(Order = 4)] public List<ResponseError> Errors { get; set; }
        [DataMember(Order = 5)] public Dictionary<string, string> Meta { get; set; }
    }

    [DataContract(Namespace = "http://schemas.servicestack.net/types")]
    public class ErrorResponse
    {
        [DataMember(Order = 1)] public ResponseStatus ResponseStatus { get; set; }
    }
}

public static class Oracle
{
    public static void Main()
    {
        var input = new BinaryReader(Console.OpenStandardInput());
        var output = Console.OpenStandardOutput();
        for (;;)
        {
            byte question;
            try { question = input.ReadByte(); } catch (EndOfStreamException) { return; }
            var size = input.ReadBytes(4);
            var content = input.ReadBytes(size[0] << 24 | size[1] << 16 | size[2] << 8 | size[3]);
            string answer;
            try { answer = Answer((char)question, content); }
            catch (Exception e) { answer = "refused " + e.GetType().Name + " " + Hex(e.Message); }
            var bytes = Encoding.ASCII.GetBytes(answer);
            var n = bytes.Length;
            output.Write(new[] { (byte)(n >> 24), (byte)(n >> 16), (byte)(n >> 8), (byte)n }, 0, 4);
            output.Write(bytes, 0, n);
            output.Flush();
        }
    }

    static string Answer(char question, byte[] content)
    {
        switch (question)
        {
            case 'r': return Request(content);
            case 'b': return Batch(content);
            case 'a': return Usage(content);
            case 'w': return WriteSignedIn(Encoding.ASCII.GetString(content));
            case 'e': return Error(content);
            case 'q': return WriteRequest(Encoding.ASCII.GetString(content));
            case 'u': return WriteUsage(Encoding.ASCII.GetString(content));
            case 'p': return WriteAuthenticate(Encoding.ASCII.GetString(content));
            case 'd': return Date(Unhex(Encoding.ASCII.GetString(content)));
        }
        throw new ArgumentException("unknown question");
    }

    // Read reads a document as ServiceStack does: from its stream.
    static T Read<T>(byte[] content)
    {
        return (T)new DataContractSerializer(typeof(T)).ReadObject(new MemoryStream(content));
    }

    static string Request(byte[] content) { return "read " + Fields(Read<Contract.GetAIUsage>(content)); }

    static string Fields(Contract.GetAIUsage r)
    {
        return Hex(r.AccountId) + " " + Hex(r.CustomerId) + " " + Hex(r.StartDate) + " " + Hex(r.EndDate);
    }

    static string Batch(byte[] content)
    {
        var answer = new StringBuilder("read");
        foreach (var request in Read<Contract.GetAIUsage[]>(content)) answer.Append(" | ").Append(Fields(request));
        return answer.ToString();
    }

    // Usage lists the rows of an answer: its accounts, a bar, and its customers.
    static string Usage(byte[] content)
    {
        var usage = Read<Contract.AIUsage>(content);
        var answer = new StringBuilder("read");
        foreach (var row in usage.AccountUsage) answer.Append(" " + Hex(row.AccountId) + " " + row.AIMinutes);
        answer.Append(" |");
        foreach (var row in usage.CustomerUsage)
            answer.Append(" " + Hex(row.AccountId) + " " + Hex(row.CustomerId) + " " + row.AIMinutes);
        return answer.ToString();
    }

    static string Error(byte[] content)
    {
        var status = Read<Contract.ErrorResponse>(content).ResponseStatus;
        var answer = "read " + Hex(status.ErrorCode) + " " + Hex(status.Message) + " " + Hex(status.StackTrace);
        foreach (var error in status.Errors) answer += " | " + Hex(error.ErrorCode) + " " + Hex(error.FieldName) + " " + Hex(error.Message);
        return answer;
    }

    // Write writes a document as ServiceStack does, but for characters that XML does
    // not have: those are written as references, as the serializer's own writers do.
    static string Write(object document)
    {
        var settings = new XmlWriterSettings { Encoding = new UTF8Encoding(false), CheckCharacters = false };
        using (var stream = new MemoryStream())
        {
            using (var writer = XmlWriter.Create(stream, settings))
                new DataContractSerializer(document.GetType()).WriteObject(writer, document);
            return "written " + BitConverter.ToString(stream.ToArray()).Replace("-", "");
        }
    }

    static string WriteRequest(string content)
    {
        var fields = content.Split(' ');
        return Write(new Contract.GetAIUsage {
            AccountId = Unhex(fields[0]), CustomerId = Unhex(fields[1]), StartDate = Unhex(fields[2]), EndDate = Unhex(fields[3]) });
    }

    // WriteUsage takes rows of an account, a customer ("-" for an account's own row)
    // and minutes.
    static string WriteUsage(string content)
    {
        var usage = new Contract.AIUsage {
            AccountUsage = new List<Contract.AIAccountUsage>(), CustomerUsage = new List<Contract.AICustomerUsage>() };
        foreach (var line in content.Split(new[] { '\n' }, StringSplitOptions.RemoveEmptyEntries))
        {
            var fields = line.Split(' ');
            var minutes = int.Parse(fields[2], CultureInfo.InvariantCulture);
            if (fields[1] == "-")
                usage.AccountUsage.Add(new Contract.AIAccountUsage { AccountId = Unhex(fields[0]), AIMinutes = minutes });
            else
                usage.CustomerUsage.Add(new Contract.AICustomerUsage { AccountId = Unhex(fields[0]), CustomerId = Unhex(fields[1]), AIMinutes = minutes });
        }
        return Write(usage);
    }

    static string WriteAuthenticate(string content)
    {
        var fields = content.Split(' ');
        return Write(new Contract.Authenticate {
            provider = Unhex(fields[0]), UserName = Unhex(fields[1]), Password = Unhex(fields[2]), RememberMe = fields[3] == "true" });
    }

    // WriteSignedIn takes a name, a session's id and a role.
    static string WriteSignedIn(string content)
    {
        var fields = content.Split(' ');
        var name = Unhex(fields[0]);
        var role = Unhex(fields[2]);
        return Write(new Contract.AuthenticateResponse {
            UserId = name, SessionId = Unhex(fields[1]), UserName = name, DisplayName = name,
            Roles = role == null ? null : new List<string> { role }, ResponseStatus = new Contract.ResponseStatus() });
    }

    // Date reads a date as .NET does without a culture, and answers with its ticks
    // (tenths of a microsecond since the year 1) and what they are of: "Utc" where the
    // text had a zone, otherwise "Unspecified".
    static string Date(string text)
    {
        DateTime date;
        if (!DateTime.TryParse(text, CultureInfo.InvariantCulture,
            DateTimeStyles.AdjustToUniversal, out date)) return "refused";
        return "read " + date.Ticks.ToString(CultureInfo.InvariantCulture) + " " + date.Kind;
    }

    static string Hex(string text)
    {
        if (text == null) return "-";
        var digits = new StringBuilder("x");
        foreach (var unit in text) digits.Append(((int)unit).ToString("X4"));
        return digits.ToString();
    }

    static string Unhex(string digits)
    {
        if (digits == "-") return null;
        var text = new StringBuilder();
        for (var i = 1; i < digits.Length; i += 4) text.Append((char)Convert.ToInt32(digits.Substring(i, 4), 16));
        return text.ToString();
    }
}
