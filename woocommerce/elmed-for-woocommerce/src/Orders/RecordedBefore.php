<?php

/**
 * Compares a dispense that ELMED has recorded already with what an order was about to report.
 *
 * Asked by DispenseJob where ELMED says that the order's number or its reservation is used. An order number can come
 * twice (a counter that was reset, a shop that was cloned); the reservation is the order's own, confirmed for it alone.
 */

namespace Elmed\WooCommerce\Orders;

use Elmed\WooCommerce\Api\Answer;
use Elmed\WooCommerce\Api\Client;
use Elmed\WooCommerce\Gate\Packs;

final class RecordedBefore
{
    /** @var array<string, mixed> The dispense, as far as ELMED shows it to the shop. */
    public array $dispense = array();
    /** Why it is not this order's: a reason of Orders\Words; "" where it is. */
    public string $difference = '';
    /** ELMED could not be asked. */
    public ?Answer $unasked = null;

    private Client $client;

    public function __construct(Client $client)
    {
        $this->client = $client;
    }

    /**
     * @param array<string, mixed> $body    What was sent.
     * @param Answer               $refusal With dispense_id, and reservation_id where that dispense had one.
     */
    public function find(array $body, Answer $refusal): self
    {
        $this->dispense = array('id' => $refusal->data['dispense_id'] ?? null);
        if ($this->dispense['id'] === null || (int) ($refusal->data['reservation_id'] ?? 0) !== (int) $body['reservation_id']) {
            $this->difference = (string) $refusal->code;
            return $this;
        }
        $answer = $this->client->request('GET', '/dispenses/' . (int) $this->dispense['id']);
        if (Report::passing($answer) !== null) {
            $this->unasked = $answer;
        } elseif ($answer->ok()) {
            $this->dispense = $answer->data;
            $this->difference = self::difference($body, $answer->data);
        } else {
            // Not recorded by this shop: somebody did it at the counter.
            $this->difference = (string) $refusal->code;
        }
        return $this;
    }

    /**
     * @param array<string, mixed> $body
     * @param array<string, mixed> $dispense
     */
    private static function difference(array $body, array $dispense): string
    {
        $recorded = self::totals($dispense['lines'] ?? array());
        if (!empty($dispense['reversal']) && self::totals($dispense['reversal']['lines'] ?? array()) === $recorded) {
            return 'reversed';
        }
        // Without lines all that was reserved is meant, and the reservation is the same.
        return isset($body['lines']) && self::totals($body['lines']) !== $recorded ? 'reported_otherwise' : '';
    }

    /**
     * @param array<int, array<string, mixed>> $lines
     * @return array<int, int> Medication => thousandths of its unit.
     */
    private static function totals(array $lines): array
    {
        $totals = array();
        foreach ($lines as $line) {
            $medication = (int) $line['medication_id'];
            $totals[$medication] = ($totals[$medication] ?? 0) + Packs::milli($line['quantity']);
        }
        ksort($totals);
        return $totals;
    }
}
