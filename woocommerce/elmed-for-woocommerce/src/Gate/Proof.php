<?php

/**
 * What a shopper shows: the prescription's reference and the patient's date of birth.
 *
 * Lives in memory for one request. It is sent to ELMED and then forgotten: nothing of it is stored, logged or mailed,
 * a keyed fingerprint apart, which tells a second try with the same words.
 */

namespace Elmed\WooCommerce\Gate;

final class Proof
{
    public string $reference;
    /** YYYY-MM-DD; "" when nothing was typed or it could not be read. */
    public string $born;
    /** Why it cannot be asked about: a reason of Gate\Messages. */
    public ?string $problem = null;

    /** @param mixed $reference @param mixed $born As posted. */
    public function __construct($reference, $born)
    {
        $this->reference = is_scalar($reference) ? strtoupper(trim(sanitize_text_field((string) $reference))) : '';
        $typed = is_scalar($born) ? trim(sanitize_text_field((string) $born)) : '';
        $this->born = self::day($typed);
        if ($this->reference === '') {
            $this->problem = 'reference_missing';
        } elseif ($typed === '') {
            $this->problem = 'date_missing';
        } elseif ($this->born === '') {
            $this->problem = 'date_unclear';
        }
    }

    /** Whether anything was typed at all. */
    public function isEmpty(): bool
    {
        return $this->reference === '' && $this->problem !== null && $this->born === '';
    }

    /** Tells the same proof from another, and nothing else. @param Line[] $lines */
    public function fingerprint(array $lines): string
    {
        $asked = array_map(static fn (Line $line) => $line->asked(), $lines);
        return wp_hash(wp_json_encode(array($this->reference, $this->born, $asked)), 'nonce');
    }

    /** A day as people write it, where it can mean one day only: 1980-04-03, 3.4.1980, 25/12/1980. */
    private static function day(string $typed): string
    {
        if (preg_match('~^(\d{4})[-./](\d{1,2})[-./](\d{1,2})$~', $typed, $part)) {
            return self::real((int) $part[1], (int) $part[2], (int) $part[3]);
        }
        if (!preg_match('~^(\d{1,2})([-./ ])(\d{1,2})\2(\d{4})$~', $typed, $part)) {
            return '';
        }
        list(, $first, $sign, $second, $year) = $part;
        if ($sign === '.' || (int) $first > 12 || $first === $second) {
            return self::real((int) $year, (int) $second, (int) $first);
        }
        // 3/25/1980 has one meaning, 3/4/1980 has two.
        return (int) $second > 12 ? self::real((int) $year, (int) $first, (int) $second) : '';
    }

    private static function real(int $year, int $month, int $day): string
    {
        return checkdate($month, $day, $year) ? sprintf('%04d-%02d-%02d', $year, $month, $day) : '';
    }
}
