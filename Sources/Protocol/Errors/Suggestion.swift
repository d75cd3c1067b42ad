/// Finds what a person probably meant.
package enum Suggestion {
    /// The candidate closest to `word`, or nil when none is close enough to be a likely slip of the hand.
    package static func closest(to word: String, among candidates: some Sequence<String>) -> String? {
        var best: (candidate: String, distance: Int)?
        // The word itself is no suggestion: whoever asks has found that it will not do.
        for candidate in candidates where candidate != word {
            let distance = editDistance(word.lowercased(), candidate.lowercased())
            if distance < best?.distance ?? .max { best = (candidate, distance) }
        }
        // A word that shares nothing with the candidate is no slip, however short both are.
        guard let best, best.distance < max(word.count, best.candidate.count) || best.distance == 0 else { return nil }
        return best.distance <= max(2, word.count / 3) ? best.candidate : nil
    }

    /// " Did you mean 'x'?" or nothing, ready to be appended to a sentence.
    package static func phrase(for word: String, among candidates: some Sequence<String>) -> String {
        closest(to: word, among: candidates).map { " Did you mean '\($0)'?" } ?? ""
    }

    /// Edits (insert, delete, replace, swap of neighbours) that turn one word into the other.
    static func editDistance(_ first: String, _ second: String) -> Int {
        let a = Array(first), b = Array(second)
        guard !a.isEmpty, !b.isEmpty else { return max(a.count, b.count) }
        var rows = [Array(0...b.count)]
        for i in 1...a.count {
            var row = [i]
            for j in 1...b.count {
                let replaced = rows[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)
                var cost = min(rows[i - 1][j] + 1, row[j - 1] + 1, replaced)
                if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] { cost = min(cost, rows[i - 2][j - 2] + 1) }
                row.append(cost)
            }
            rows.append(row)
        }
        return rows[a.count][b.count]
    }
}
