<?php

/**
 * Tells ELMED the number of the order that a reservation is for, so that it is kept until the order is dispensed.
 *
 * Begun by Gate\Outcome when an order is placed. The shopper never waits for it: it runs after the page has been sent
 * where PHP can do that, else as a job; ELMED takes it up to 15 minutes after the check, and later where nobody else took
 * the quantity.
 */

namespace Elmed\WooCommerce\Orders;

use Elmed\WooCommerce\Api\Answer;
use Elmed\WooCommerce\Api\Client;
use Elmed\WooCommerce\Log;
use WC_Order;

final class Confirm
{
    /** Seconds after each failure; the last one repeats for a day. */
    private const STEPS = array(30, 60, 120, 300, 600, 1800);
    private const TRIES = 50;

    public function register(): void
    {
        add_action(Jobs::CONFIRM, array($this, 'run'));
    }

    public static function soon(int $orderId): void
    {
        Jobs::add(Jobs::CONFIRM, array($orderId));
        if (self::canSendPageFirst() && !has_action('shutdown', array(self::class, 'afterPage'))) {
            add_action('shutdown', array(self::class, 'afterPage'), 9999);
        }
        self::$placed[] = $orderId;
    }

    /** @var int[] */
    private static array $placed = array();

    /** The page is sent; the shopper waits no longer. */
    public static function afterPage(): void
    {
        try {
            function_exists('fastcgi_finish_request') ? fastcgi_finish_request() : litespeed_finish_request();
            foreach (self::$placed as $orderId) {
                // The job that was queued finds it confirmed, or takes its turn.
                (new self())->run($orderId);
            }
        } catch (\Throwable $fault) {
            Log::fault($fault, 'confirm');
        }
    }

    /** @param mixed $orderId */
    public function run($orderId): void
    {
        try {
            Jobs::withOrder(Jobs::CONFIRM, (int) $orderId, array($this, 'confirm'));
        } catch (\Throwable $fault) {
            Jobs::failed($fault, Jobs::CONFIRM, (int) $orderId);
        }
    }

    /**
     * Called with the order's lock held.
     *
     * @return Answer|null Why it must be asked again, where ELMED could not be; null when nothing is open.
     */
    public function confirm(WC_Order $order): ?Answer
    {
        $record = OrderState::record($order);
        if (empty($record['reservation_id']) || !empty($record['confirmed']) || Cancellation::isOff($order)) {
            return null;
        }
        $reference = (string) $order->get_order_number();
        $path = '/reservations/' . (int) $record['reservation_id'] . '/confirm';
        $answer = (new Client())->request('POST', $path, array('body' => array('external_reference' => $reference)));
        if ($answer->ok() && !$answer->unreachable()) {
            OrderState::changeRecord($order, array('confirmed' => true, 'reference' => $reference, 'reserved_until' => (string) ($answer->data['reserved_until'] ?? '')));
            History::add($order, 'confirmed');
            Waiting::apply($order, $answer->data);
        } elseif (Report::passing($answer) !== null) {
            $this->again($order, $answer);
            return $answer;
        } elseif ($answer->status === 404) {
            Waiting::hold($order, 'gone');
            $this->again($order, $answer);
        } else {
            $this->lost($order, $answer);
        }
        return null;
    }

    private function again(WC_Order $order, Answer $answer): void
    {
        $tries = (int) (OrderState::record($order)['tries'] ?? 0);
        if ($tries < self::TRIES) {
            OrderState::changeRecord($order, array('tries' => $tries + 1));
            $delay = self::STEPS[min($tries, count(self::STEPS) - 1)];
            Jobs::add(Jobs::CONFIRM, array($order->get_id()), $answer->rateLimited() ? max($delay, (int) $answer->retry_after) : $delay);
        }
    }

    private function lost(WC_Order $order, Answer $answer): void
    {
        // Used without this order's confirmation: it left with another order.
        $reasons = array('reservation_confirmed' => 'other_order', 'reservation_used' => 'reservation_used');
        Waiting::stop($order, $reasons[$answer->code] ?? (string) ($answer->data['reason'] ?? 'gone'));
    }

    private static function canSendPageFirst(): bool
    {
        return function_exists('fastcgi_finish_request') || function_exists('litespeed_finish_request');
    }
}
