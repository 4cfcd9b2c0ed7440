<?php

/**
 * The calls that a shopper waits for, all of them together within five seconds.
 *
 * Used by Gate\Gate, and by Gate\Outcome with what that has left of them. Each returns ELMED's answer or throws Unanswered with the reason why there is none; no answer is
 * never taken for a yes.
 */

namespace Elmed\WooCommerce\Gate;

use Elmed\WooCommerce\Api\Answer;
use Elmed\WooCommerce\Api\Client;

final class Calls
{
    private const SECONDS = 5.0;
    private const LEAST = 1.0;

    private Client $client;
    private float $left = self::SECONDS;

    public function __construct(?Client $client = null)
    {
        $this->client = $client ?? new Client();
    }

    /**
     * Checks the lines against the proof and keeps them.
     *
     * @param array<int, array{sku: string, quantity: string}> $asked
     * @return array<string, mixed>
     */
    public function check(Proof $proof, array $asked, string $key): array
    {
        $body = array('reference' => $proof->reference, 'date_of_birth' => $proof->born, 'lines' => $asked, 'reserve' => true);
        return $this->told($this->send('POST', '/prescriptions/check', array('body' => $body, 'idempotency_key' => $key)));
    }

    /** Sends an issued prescription to this pharmacy. */
    public function route(Proof $proof): void
    {
        $body = array('reference' => $proof->reference, 'date_of_birth' => $proof->born);
        $answer = $this->send('POST', '/prescriptions/route', array('body' => $body));
        if ($answer->status === 409) {
            throw new Unanswered($answer->code === 'held_elsewhere' ? 'held_elsewhere' : 'not_active');
        }
        $this->told($answer);
    }

    /** @return array<string, mixed>|null The reservation; null when it is not this pharmacy's. */
    public function reservation(int $id): ?array
    {
        $answer = $this->send('GET', '/reservations/' . $id);
        return $answer->status === 404 ? null : $this->told($answer);
    }

    /** Gives a reservation back; one that keeps nothing any more stays so. */
    public function release(int $id): void
    {
        $answer = $this->send('DELETE', '/reservations/' . $id);
        if (!in_array($answer->status, array(404, 409), true)) {
            $this->told($answer);
        }
    }

    /** @param array<string, mixed> $options */
    private function send(string $method, string $path, array $options = array()): Answer
    {
        if ($this->left < self::LEAST) {
            throw new Unanswered('unreachable');
        }
        $began = microtime(true);
        try {
            return $this->client->request($method, $path, $options + array('timeout' => round($this->left, 2), 'urgent' => true));
        } finally {
            $this->left -= microtime(true) - $began;
        }
    }

    /** @return array<string, mixed> */
    private function told(Answer $answer): array
    {
        if ($answer->ok() && !$answer->unreachable()) {
            return $answer->data;
        }
        throw new Unanswered(self::reason($answer));
    }

    private static function reason(Answer $answer): string
    {
        $known = array('no_matching_prescription', 'reference_locked', 'checks_paused');
        if (in_array($answer->code, $known, true)) {
            return (string) $answer->code;
        }
        if ($answer->status === 422 && self::isAboutProof($answer)) {
            return 'no_matching_prescription';
        }
        $mine = array(0 => 'unreachable', 401 => 'cannot_check', 403 => 'cannot_check', 422 => 'cannot_check', 429 => 'busy', 409 => 'busy');
        return $answer->code === Answer::NOT_SET_UP ? 'cannot_check' : ($mine[$answer->status] ?? 'unreachable');
    }

    private static function isAboutProof(Answer $answer): bool
    {
        foreach ((array) ($answer->data['errors'] ?? array()) as $error) {
            if (in_array($error['pointer'] ?? '', array('/reference', '/date_of_birth'), true)) {
                return true;
            }
        }
        return false;
    }
}
