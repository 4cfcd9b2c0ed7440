<?php

/**
 * Puts one question to ELMED and keeps what it reserved, so that a question whose answer gets lost reserves once.
 *
 * Used by Gate\Gate. What is remembered lies in Gate\Attempt: the key and the lines of a question without an answer, or
 * the reservation. The same question is repeated under its key; before another one about the same prescription the lost
 * one is repeated too, since what it reserved would stand in the way.
 */

namespace Elmed\WooCommerce\Gate;

final class Question
{
    /** A question without an answer counts for as long as ELMED would keep what it reserved. */
    private const LOST_FOR = 840;
    /** Without an answer for these reasons, ELMED may have reserved all the same. */
    private const OPEN = array('unreachable', 'busy');

    private Calls $calls;
    private Attempt $attempt;

    public function __construct(Calls $calls, Attempt $attempt)
    {
        $this->calls = $calls;
        $this->attempt = $attempt;
    }

    /**
     * @param Line[] $lines
     * @return array<string, mixed> ELMED's answer.
     * @throws Unanswered
     */
    public function put(array $lines, Proof $proof): array
    {
        $open = $this->open($lines, $proof);
        $this->attempt->save($open);
        $answer = $this->send($proof, $open);
        if (empty($answer['reservation_id'])) {
            $this->attempt->forget();
            return $answer;
        }
        $kept = array('fingerprint' => '', 'reservation_id' => (int) $answer['reservation_id']);
        if (self::isForAll($lines, $answer)) {
            $kept = array('fingerprint' => $open['fingerprint'], 'record' => self::record($answer, $lines)) + $kept;
        }
        $this->attempt->save($kept);
        return $answer;
    }

    /**
     * Whether ELMED said of each line that was asked, and of as much of it, that it may be sold or only waits.
     *
     * @param Line[]               $asked
     * @param array<string, mixed> $answer In the order of what was asked.
     */
    public static function isForAll(array $asked, array $answer): bool
    {
        $said = $answer['lines'] ?? null;
        if (!is_array($said) || count($said) !== count($asked)) {
            return false;
        }
        foreach (array_values($asked) as $index => $line) {
            if (!self::isFor($line, (array) ($said[$index] ?? array()))) {
                return false;
            }
        }
        return true;
    }

    /** @param array<string, mixed> $said */
    private static function isFor(Line $line, array $said): bool
    {
        $same = strtolower((string) ($said['sku'] ?? '')) === strtolower((string) $line->sku);
        $good = ($said['ok'] ?? null) === true || ($said['reason'] ?? null) === 'awaiting_pharmacist';
        return $same && $good && Packs::milli($said['quantity'] ?? 0) === $line->milli && !empty($said['medication_id']);
    }

    /**
     * The question to put: the one that was lost, or a new one.
     *
     * @param Line[] $lines
     * @return array<string, mixed>
     * @throws Unanswered
     */
    private function open(array $lines, Proof $proof): array
    {
        $fingerprint = $proof->fingerprint($lines);
        $kept = $this->attempt->load();
        $isLost = isset($kept['key'], $kept['asked']) && $kept['sent_at'] > time() - self::LOST_FOR;
        if ($isLost && $kept['fingerprint'] === $fingerprint) {
            return $kept;
        }
        if ($isLost && $kept['proof'] === $proof->fingerprint(array())) {
            $this->settle($proof, $kept);
        }
        return array(
            'fingerprint' => $fingerprint,
            'proof' => $proof->fingerprint(array()),
            'asked' => array_map(static fn (Line $line) => $line->asked(), $lines),
            'key' => wp_generate_uuid4(),
            'sent_at' => time(),
        );
    }

    /**
     * Gives back what a lost question reserved.
     *
     * @param array<string, mixed> $lost
     * @throws Unanswered
     */
    private function settle(Proof $proof, array $lost): void
    {
        $answer = $this->send($proof, $lost);
        if (!empty($answer['reservation_id'])) {
            $this->calls->release((int) $answer['reservation_id']);
        }
        $this->attempt->forget();
    }

    /**
     * @param array<string, mixed> $open
     * @return array<string, mixed>
     * @throws Unanswered
     */
    private function send(Proof $proof, array $open): array
    {
        try {
            return $this->calls->check($proof, $open['asked'], $open['key']);
        } catch (Unanswered $unanswered) {
            if (!in_array($unanswered->reason, self::OPEN, true)) {
                $this->attempt->forget();
            }
            throw $unanswered;
        }
    }

    /**
     * What the order keeps of a yes: ids and quantities, nothing medical.
     *
     * @param array<string, mixed> $answer
     * @param Line[]               $asked
     * @return array<string, mixed>
     */
    private static function record(array $answer, array $asked): array
    {
        $lines = array();
        foreach (array_values($asked) as $index => $line) {
            $lines[] = array(
                'product' => $line->product,
                'sku' => $line->sku,
                'milli' => $line->milli,
                'medication_id' => $answer['lines'][$index]['medication_id'],
            );
        }
        return array(
            'prescription_id' => (int) $answer['prescription_id'],
            'reservation_id' => (int) $answer['reservation_id'],
            'reserved_until' => (string) $answer['reserved_until'],
            'lines' => $lines,
        );
    }
}
