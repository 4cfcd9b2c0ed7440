<?php
/**
 * Stock while the shop sells: what was sold here and ELMED does not know of is taken off; marks and pictures of products.
 */

namespace Elmed\WooCommerce\Tests;

use Elmed\WooCommerce\Sync\ExpressButtons;
use Elmed\WooCommerce\Sync\ProductMeta;
use Elmed\WooCommerce\Sync\Unreported;
use WC_Admin_Duplicate_Product;
use WC_Order;

require_once __DIR__ . '/SyncCase.php';

final class SyncStockTest extends SyncCase {

	/** 2 x 2 pixels. */
	private const PICTURE = 'iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAEElEQVR4nGP4z8AARAwQCgAf7gP9i18U1AAAAABJRU5ErkJggg==';

	public function test_what_was_sold_here_and_not_reported_is_taken_off(): void {
		$one = $this->inElmed( 'ONE', array( 'stock' => '10' ) );
		$this->sync();
		$order = $this->order( 'ONE', 3 );
		$order->payment_complete();
		$this->assertSame( 7, $this->inShop( 'ONE' )->get_stock_quantity() );

		$this->changeInElmed( $one, array( 'stock' => '8' ) );
		$this->sync();
		$this->assertSame( 5, $this->inShop( 'ONE' )->get_stock_quantity() );
		$this->assertSame( 1, $this->sync()->counts['unchanged'] );

		$order->update_status( 'cancelled' );
		$this->assertSame( 8, $this->inShop( 'ONE' )->get_stock_quantity() );
		$this->sync();
		$this->assertSame( 8, $this->inShop( 'ONE' )->get_stock_quantity() );
	}

	public function test_a_completed_order_counts_until_it_is_reported(): void {
		$this->inElmed( 'ONE', array( 'stock' => '10' ) );
		$this->sync();
		$order = $this->order( 'ONE', 4 );
		$order->payment_complete();
		$id = $this->inShop( 'ONE' )->get_id();
		$this->assertSame( 4, ( new Unreported() )->quantities()[ $id ] );

		remove_all_actions( 'woocommerce_order_status_completed' );
		remove_all_filters( 'elmed_unreported_order_ids' );
		$order->update_status( 'completed' );
		$this->assertArrayNotHasKey( $id, ( new Unreported() )->quantities() );
		add_filter( 'elmed_unreported_order_ids', static fn ( $ids ) => array_merge( $ids, array( $order->get_id() ) ) );
		$this->assertSame( 4, ( new Unreported() )->quantities()[ $id ] );
	}

	public function test_more_sold_than_there_is_leaves_nothing_to_sell(): void {
		$one = $this->inElmed( 'ONE', array( 'stock' => '5' ) );
		$this->sync();
		$this->order( 'ONE', 4 )->payment_complete();
		$this->changeInElmed( $one, array( 'stock' => '2' ) );
		$this->sync();
		$this->assertSame( array( 0, false ), array( $this->inShop( 'ONE' )->get_stock_quantity(), $this->inShop( 'ONE' )->is_in_stock() ) );
	}

	public function test_stock_that_somebody_changed_in_the_shop_is_set_right(): void {
		$this->inElmed( 'ONE', array( 'stock' => '5' ) );
		$this->sync();
		wc_update_product_stock( $this->inShop( 'ONE' ), 99 );
		$this->assertSame( 1, $this->sync()->counts['updated'] );
		$this->assertSame( 5, $this->inShop( 'ONE' )->get_stock_quantity() );
	}

	public function test_the_gate_reads_the_marks_that_the_sync_writes(): void {
		$this->inElmed( 'RX', array( 'medicine' => true ) );
		$this->inElmed( 'CTRL', array( 'medicine' => true, 'is_controlled' => true ) );
		$this->inElmed( 'OTC' );
		$this->sync();
		$this->assertSame(
			array( true, true, true, false, false, true ),
			array(
				ProductMeta::requiresPrescription( $this->inShop( 'RX' ) ),
				$this->inShop( 'RX' )->is_purchasable(),
				ProductMeta::isControlled( $this->inShop( 'CTRL' ) ),
				$this->inShop( 'CTRL' )->is_purchasable(),
				ProductMeta::requiresPrescription( $this->inShop( 'OTC' ) ),
				$this->inShop( 'OTC' )->is_purchasable(),
			)
		);
		$this->assertFalse( $this->inShop( 'RX' )->is_sold_individually() );
	}

	public function test_a_virtual_prescription_item_is_not_completed_by_being_paid(): void {
		$this->inElmed( 'RX', array( 'medicine' => true ) );
		$this->inElmed( 'OTC' );
		$this->sync();
		foreach ( array( 'RX', 'OTC' ) as $sku ) {
			$product = $this->inShop( $sku );
			$product->set_virtual( true );
			$product->set_downloadable( true );
			$product->save();
		}
		$this->assertTrue( $this->order( 'RX', 1 )->needs_processing() );
		$this->assertFalse( $this->order( 'OTC', 1 )->needs_processing() );
	}

	public function test_a_copy_of_a_product_is_not_connected_but_still_on_prescription(): void {
		$one = $this->inElmed( 'RX', array( 'medicine' => true ) );
		$this->sync();
		require_once WC_ABSPATH . 'includes/admin/class-wc-admin-duplicate-product.php';
		$copy = ( new WC_Admin_Duplicate_Product() )->product_duplicate( $this->inShop( 'RX' ) );
		$copy = wc_get_product( $copy->get_id() );
		$this->assertSame( array( 1, null, true ), array( $this->productsOf( $one ), ProductMeta::id( $copy ), ProductMeta::requiresPrescription( $copy ) ) );
	}

	public function test_express_buttons_are_hidden_where_a_prescription_item_would_be_bought(): void {
		$this->inElmed( 'RX', array( 'medicine' => true ) );
		$this->inElmed( 'OTC' );
		$this->sync();
		$rx  = $this->inShop( 'RX' );
		$otc = $this->inShop( 'OTC' );
		$this->assertTrue( apply_filters( 'wc_stripe_hide_payment_request_on_product_page', false, get_post( $rx->get_id() ) ) );
		$this->assertFalse( apply_filters( 'wc_stripe_hide_payment_request_on_product_page', false, get_post( $otc->get_id() ) ) );
		$this->assertFalse( apply_filters( 'wcpay_payment_request_is_product_supported', true, $rx ) );
		$this->assertTrue( apply_filters( 'wcpay_payment_request_is_product_supported', true, $otc ) );

		wc_load_cart();
		WC()->cart->empty_cart();
		WC()->cart->add_to_cart( $otc->get_id() );
		$this->assertTrue( apply_filters( 'wc_stripe_show_payment_request_on_cart', true ) );
		WC()->cart->add_to_cart( $rx->get_id() );
		$this->assertFalse( apply_filters( 'wc_stripe_show_payment_request_on_cart', true ) );
		$this->assertTrue( apply_filters( 'woocommerce_paypal_payments_buttons_disabled', false, 'cart' ) );
		$this->assertFalse( apply_filters( 'woocommerce_paypal_payments_buttons_disabled', false, 'checkout' ) );
		WC()->cart->empty_cart();
	}

	public function test_a_picture_comes_once_and_the_merchants_own_stays(): void {
		$one = $this->inElmed( 'ONE', array( 'image' => self::PICTURE ) );
		$two = $this->inElmed( 'TWO', array( 'image' => self::PICTURE ) );
		$calls = Elmed::calls( fn () => $this->sync() );
		$image = $this->inShop( 'ONE' )->get_image_id();
		$this->assertGreaterThan( 0, $image );
		$this->assertSame( array( array(), $image ), array( $this->problemsOf( 'ONE' ), $this->inShop( 'TWO' )->get_image_id() ), 'one file for both' );
		$fetched = array_values( array_filter( $calls, static fn ( $call ) => false === strpos( $call['path'], '/api/public/v1' ) ) );
		$this->assertCount( 1, $fetched );

		$product = $this->inShop( 'TWO' );
		$product->set_image_id( 0 );
		$product->save();
		$this->changeInElmed( $two, array( 'name' => 'Two' ) );
		$this->assertSame( array(), array_filter( Elmed::calls( fn () => $this->sync() ), static fn ( $call ) => false === strpos( $call['path'], '/api/public/v1' ) ) );
		$this->assertSame( '0', (string) (int) $this->inShop( 'TWO' )->get_image_id(), 'taken away by the merchant' );
		$this->forget( $image );
	}

	public function test_a_picture_that_does_not_come_is_a_problem_and_comes_later(): void {
		$this->inElmed( 'ONE', array( 'image' => self::PICTURE ) );
		$away = static fn ( $answer, $given, $url ) => false === strpos( $url, '/api/public/v1' ) ? new \WP_Error( 'away' ) : $answer;
		add_filter( 'pre_http_request', $away, 10, 3 );
		$this->sync();
		$this->assertSame( array( array( 'image' ), 'publish', '4.25' ), array( $this->problemsOf( 'ONE' ), $this->inShop( 'ONE' )->get_status(), $this->inShop( 'ONE' )->get_regular_price() ) );

		remove_filter( 'pre_http_request', $away );
		$this->sync();
		$image = (int) $this->inShop( 'ONE' )->get_image_id();
		$this->assertGreaterThan( 0, $image );
		$this->assertSame( array(), $this->problemsOf( 'ONE' ) );
		$this->forget( $image );
	}

	public function test_no_key_is_sent_for_a_picture(): void {
		$this->inElmed( 'ONE', array( 'image' => self::PICTURE ) );
		$sent = array();
		add_filter(
			'http_request_args',
			static function ( $given, $url ) use ( &$sent ) {
				if ( false === strpos( $url, '/api/public/v1' ) ) {
					$sent[] = wp_json_encode( $given );
				}
				return $given;
			},
			10,
			2
		);
		$this->sync();
		$this->assertCount( 1, $sent );
		$this->assertStringNotContainsString( 'elm_', implode( '', $sent ) );
		$this->forget( (int) $this->inShop( 'ONE' )->get_image_id() );
	}

	private function order( string $sku, int $packs ): WC_Order {
		$order = wc_create_order();
		$order->add_product( $this->inShop( $sku ), $packs );
		$order->set_payment_method( 'bacs' );
		$order->calculate_totals();
		$order->save();
		return $order;
	}

	/** A rollback takes the row back, not the file. */
	private function forget( int $image ): void {
		wp_delete_attachment( $image, true );
	}
}
