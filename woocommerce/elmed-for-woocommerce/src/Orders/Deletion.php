<?php

/**
 * Keeps an order from being deleted for good while ELMED has not heard what it handed over.
 *
 * Answers WooCommerce's filter before any order is deleted (order list, empty trash, the trash's clock, REST, code), and
 * WordPress' own where orders are posts. Into the trash it may go: it is reported from there.
 */

namespace Elmed\WooCommerce\Orders;

use Elmed\WooCommerce\Log;
use WC_Order;

final class Deletion
{
    /** Last, so that nobody allows it again. */
    private const LAST = 9999;

    /** @var int[] Refused in this request. */
    private array $kept = array();

    public function register(): void
    {
        add_filter('woocommerce_pre_delete_order', array($this, 'ofOrder'), self::LAST, 3);
        add_filter('pre_delete_post', array($this, 'ofPost'), self::LAST, 2);
        add_filter('rest_request_after_callbacks', array($this, 'overRest'), 10, 3);
    }

    /** Whether its dispense is still to be reported, or to be settled by a person. */
    public static function owesReport(WC_Order $order): bool
    {
        if ($order->get_date_completed() === null) {
            return false;
        }
        $report = Report::ofDispense();
        // Completed by a program that told no hook; Sweep finds it.
        $unheard = $report->state($order) === '' && $order->has_status('completed') && OrderState::reservationId($order) !== null;
        return $unheard || in_array($report->state($order), Report::OWED, true);
    }

    /**
     * @param mixed $check Null: delete it.
     * @param mixed $order
     * @param mixed $force
     * @return mixed
     */
    public function ofOrder($check, $order = null, $force = false)
    {
        return $force && $order instanceof WC_Order && $this->keeps($order->get_id()) ? false : $check;
    }

    /**
     * With orders in their own tables a post is only a copy of one, but the order's items go with it.
     *
     * @param mixed $check Null: delete it.
     * @param mixed $post
     * @return mixed
     */
    public function ofPost($check, $post = null)
    {
        $isOrder = $post instanceof \WP_Post && in_array($post->post_type, array('shop_order', 'shop_order_placehold'), true);
        if (!$isOrder || !$this->keeps($post->ID)) {
            return $check;
        }
        if (in_array($GLOBALS['pagenow'] ?? '', array('edit.php', 'post.php'), true)) {
            // WordPress would end here too, with "Error in deleting the item."
            wp_die(esc_html(Said::words(array('code' => 'kept', 'orders' => array($post->ID)))), '', array('response' => 409, 'back_link' => true));
        }
        return false;
    }

    /**
     * WooCommerce answers "cannot be deleted" and not why.
     *
     * @param mixed $response
     * @param mixed $handler
     * @param mixed $request
     * @return mixed
     */
    public function overRest($response, $handler = null, $request = null)
    {
        $orderId = $request instanceof \WP_REST_Request ? (int) $request['id'] : 0;
        if (in_array($orderId, $this->kept, true) && is_wp_error($response) && $response->get_error_code() === 'woocommerce_rest_cannot_delete') {
            return new \WP_Error('elmed_report_owed', Said::words(array('code' => 'kept', 'orders' => array($orderId))), array('status' => 409));
        }
        return $response;
    }

    private function keeps(int $orderId): bool
    {
        try {
            $order = Jobs::fresh($orderId);
            if (!$order || !self::owesReport($order)) {
                return false;
            }
        } catch (\Throwable $fault) {
            // What cannot be read may be owed.
            Log::fault($fault, 'deletion');
        }
        Log::warning('order not deleted: its dispense is not reported yet', array('order' => $orderId));
        if (!in_array($orderId, $this->kept, true)) {
            $this->kept[] = $orderId;
            Said::later(array('code' => 'kept', 'orders' => $this->kept));
        }
        return true;
    }
}
