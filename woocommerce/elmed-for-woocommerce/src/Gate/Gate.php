<?php

/**
 * The one check: may these lines be sold against this prescription, and if so, are they kept for the order?
 *
 * Asked when an order is placed, by Gate\BlockCheckout, ClassicCheckout, OrderPay and Orders\Panel. One call as a rule;
 * a second try first deals with the first one's reservation. Anything but a clear yes is a no.
 */

namespace Elmed\WooCommerce\Gate;

use Elmed\WooCommerce\Log;
use Elmed\WooCommerce\Orders\Carrier;
use Elmed\WooCommerce\Settings\Options;

final class Gate
{
    /** A question without an answer is repeated under its key for as long as ELMED would keep what it reserved. */
    private const SAME_QUESTION = 840;
    /** Which of several reasons is told: what the shopper can do something about comes first. */
    private const ORDER = array(
        'not_online', 'not_covered', 'unit_mismatch', 'too_much', 'not_routed_here', 'expired', 'already_dispensed',
        'too_early', 'not_active', 'reserved', 'awaiting_pharmacist',
    );

    private Calls $calls;

    public function __construct(?Calls $calls = null)
    {
        $this->calls = $calls ?? new Calls();
    }

    /**
     * @param Line[] $lines What needs a prescription; at least one.
     * @param bool   $send  Whether the shopper wants an issued prescription sent to this pharmacy.
     */
    public function admit(array $lines, Proof $proof, bool $send, Attempt $attempt): Verdict
    {
        foreach ($lines as $line) {
            if ($line->sku === null) {
                return Verdict::no('not_sold_here', $line->name);
            }
        }
        if ($proof->problem !== null) {
            return Verdict::no($proof->problem);
        }
        try {
            return $this->reuse($lines, $proof, $attempt) ?? $this->ask($lines, $proof, $send, $attempt);
        } catch (Unanswered $unanswered) {
            return Verdict::no($unanswered->reason);
        } catch (\Throwable $fault) {
            Log::fault($fault, 'gate');
            return Verdict::no('cannot_check');
        }
    }

    /**
     * An order that was let through before is about to be paid: does its reservation still stand?
     *
     * @param array<string, mixed> $record As the order keeps it.
     */
    public function still(array $record): Verdict
    {
        try {
            $found = $this->calls->reservation((int) $record['reservation_id']);
        } catch (Unanswered $unanswered) {
            return Verdict::no($unanswered->reason);
        }
        return $this->standing($found, $record) ?? Verdict::no('asked_again');
    }

    /** @param Line[] $lines */
    private function reuse(array $lines, Proof $proof, Attempt $attempt): ?Verdict
    {
        $kept = $attempt->load();
        if (empty($kept['reservation_id'])) {
            return null;
        }
        if (Carrier::isOther((int) $kept['reservation_id'], $attempt->orderId())) {
            // Another tab has placed its order with it: neither ours to use nor to free.
            $attempt->forget();
            return null;
        }
        if (($kept['fingerprint'] ?? '') === $proof->fingerprint($lines)) {
            $verdict = $this->standing($this->calls->reservation((int) $kept['reservation_id']), $kept['record'] ?? array());
            if ($verdict) {
                return $verdict;
            }
        }
        $this->calls->release((int) $kept['reservation_id']);
        $attempt->forget();
        return null;
    }

    /**
     * @param array<string, mixed>|null $found
     * @param array<string, mixed>      $record
     */
    private function standing(?array $found, array $record): ?Verdict
    {
        $state = $found['state'] ?? 'freed';
        if ($state === 'ready') {
            return Verdict::yes($record, false);
        }
        $waits = $state === 'waiting' && ($found['reason'] ?? '') === 'awaiting_pharmacist';
        return $waits && Options::waitingOrders() ? Verdict::yes($record, true) : null;
    }

    /** @param Line[] $lines */
    private function ask(array $lines, Proof $proof, bool $send, Attempt $attempt): Verdict
    {
        $answer = $this->question($lines, $proof, $attempt);
        if ($send && self::reasons($answer) === array('not_routed_here')) {
            $this->calls->route($proof);
            $attempt->forget();
            $answer = $this->question($lines, $proof, $attempt);
        }
        $reasons = self::reasons($answer);
        $waiting = $reasons === array('awaiting_pharmacist');
        if (empty($answer['reservation_id']) || ($reasons && !$waiting)) {
            return $this->no($reasons, $answer, $lines);
        }
        if ($waiting && !Options::waitingOrders()) {
            $this->calls->release((int) $answer['reservation_id']);
            $attempt->forget();
            return Verdict::no($send ? 'sent_now_wait' : 'awaiting_pharmacist');
        }
        return Verdict::yes($attempt->load()['record'], $waiting);
    }

    /**
     * Asks once, and repeats under the same key a question whose answer got lost, so that it reserves once.
     *
     * @param Line[] $lines
     * @return array<string, mixed>
     */
    private function question(array $lines, Proof $proof, Attempt $attempt): array
    {
        $fingerprint = $proof->fingerprint($lines);
        $kept = $attempt->load();
        $same = isset($kept['key']) && ($kept['fingerprint'] ?? '') === $fingerprint && $kept['sent_at'] > time() - self::SAME_QUESTION;
        $open = $same ? $kept : array('fingerprint' => $fingerprint, 'key' => wp_generate_uuid4(), 'sent_at' => time());
        $attempt->save($open);
        try {
            $answer = $this->calls->check($proof, $lines, $open['key']);
        } catch (Unanswered $unanswered) {
            // Without an answer ELMED may have reserved all the same: the next try repeats the question.
            if (!in_array($unanswered->reason, array('unreachable', 'busy'), true)) {
                $attempt->forget();
            }
            throw $unanswered;
        }
        if (empty($answer['reservation_id'])) {
            $attempt->forget();
        } else {
            $record = self::record($answer, $lines);
            $attempt->save(array('fingerprint' => $fingerprint, 'reservation_id' => $record['reservation_id'], 'record' => $record));
        }
        return $answer;
    }

    /**
     * What the order keeps of a yes: ids and quantities, nothing medical.
     *
     * @param array<string, mixed> $answer In the order of what was asked.
     * @param Line[]               $asked
     * @return array<string, mixed>
     */
    private static function record(array $answer, array $asked): array
    {
        $lines = array();
        foreach ($answer['lines'] as $index => $line) {
            $lines[] = array(
                'product' => $asked[$index]->product,
                'sku' => $asked[$index]->sku,
                'milli' => Packs::milli($line['quantity']),
                'medication_id' => $line['medication_id'],
            );
        }
        return array(
            'prescription_id' => (int) $answer['prescription_id'],
            'reservation_id' => (int) $answer['reservation_id'],
            'reserved_until' => (string) $answer['reserved_until'],
            'lines' => $lines,
        );
    }

    /**
     * @param array<string, mixed> $answer
     * @return string[] The reasons against it, each once.
     */
    private static function reasons(array $answer): array
    {
        $reasons = array_column($answer['lines'] ?? array(), 'reason');
        return array_values(array_unique(array_filter($reasons, 'is_string')));
    }

    /**
     * @param string[]             $reasons
     * @param array<string, mixed> $answer
     * @param Line[]               $lines
     */
    private function no(array $reasons, array $answer, array $lines): Verdict
    {
        $told = array_values(array_intersect(self::ORDER, $reasons))[0] ?? 'cannot_check';
        foreach ($answer['lines'] ?? array() as $index => $line) {
            if ($line['reason'] === $told) {
                return Verdict::no($told, isset($lines[$index]) ? $lines[$index]->name : null);
            }
        }
        return Verdict::no($told);
    }
}
